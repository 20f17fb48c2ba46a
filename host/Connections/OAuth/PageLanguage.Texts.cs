namespace IntegrationHub.Host.Connections.OAuth;

internal sealed partial class PageLanguage
{
    private static readonly (string English, string Arabic) Later = (
        "Wait a few minutes, then start again from the application you came from. If this keeps happening, tell the people who run it.",
        "انتظر بضع دقائق، ثم ابدأ من جديد من التطبيق الذي كنت تستخدمه. وإذا تكرر ذلك فأبلغ القائمين عليه.");

    // Whoever reads these signs in somewhere, and knows neither what a hub is nor what OAuth is. The Arabic says the same as the English, not its words in turn.
    // A failure has a title, what happened (its code) and what to do next (.next, else "again").
    private static readonly Dictionary<string, (string English, string Arabic)> Texts = new(StringComparer.Ordinal)
    {
        ["ask.title"] = ("Connect your {0} account?", "هل تريد ربط حسابك في {0}؟"),
        ["ask"] = (
            "If you continue, you go to {0} to sign in and agree. If you have agreed there before, it may not ask you again.",
            "عند المتابعة ستنتقل إلى {0} لتسجيل الدخول والموافقة. وإذا سبق أن وافقت هناك، فقد لا تُسأل مرة أخرى."),
        ["careful"] = (
            "Continue only if you asked for this just now, or know who did. If not, close this page, and nothing changes.",
            "تابع فقط إذا كنت قد طلبت هذا للتو أو كنت تعرف من طلبه. وإلا فأغلق هذه الصفحة، ولن يتغير شيء."),
        ["scopes"] = ("The access that is asked for:", "الصلاحيات المطلوبة:"),
        ["asked_by"] = ("Asked for by", "الجهة الطالبة"),
        ["project"] = ("Project", "المشروع"),
        ["connection"] = ("Connection", "اسم الاتصال"),
        ["environment"] = ("Environment", "البيئة"),
        ["go"] = ("Continue to {0}", "المتابعة إلى {0}"),

        ["done.title"] = ("Your {0} account is connected", "تم ربط حسابك في {0}"),
        ["done"] = ("You can close this page and go back to the application you came from.", "يمكنك إغلاق هذه الصفحة والعودة إلى التطبيق الذي كنت تستخدمه."),
        ["done.next"] = (
            "If you change your mind, ask the people who run that application to disconnect it.",
            "وإذا غيّرت رأيك لاحقًا، فاطلب من القائمين على ذلك التطبيق إلغاء الربط."),

        ["again"] = ("Go back to the application you came from and start again.", "عُد إلى التطبيق الذي كنت تستخدمه وابدأ من جديد."),
        ["help"] = ("If you ask somebody for help, pass this on:", "إذا طلبت المساعدة من أحد، فأرسل إليه ما يلي:"),
        ["says"] = ("The service says", "ما قالته الخدمة"),
        ["detail"] = ("Detail", "التفاصيل"),
        ["code"] = ("Code", "الرمز"),
        ["reference"] = ("Reference", "المرجع"),

        ["gone.title"] = ("This link no longer works", "هذا الرابط لم يعد صالحًا"),
        ["gone"] = (
            "It opens only once, and only within ten minutes. It may have been used already, be too old, not have been copied completely, or belong to something that was removed.",
            "يُفتح هذا الرابط مرة واحدة فقط، وخلال عشر دقائق من إنشائه. ربما استُخدم من قبل، أو انتهت مدته، أو لم يُنسخ كاملًا، أو حُذف ما أُنشئ من أجله."),
        ["unknown_state.title"] = ("This step is already over", "انتهت هذه الخطوة"),
        ["unknown_state"] = (
            "This page was opened a second time, or too late. If you have already seen that your account is connected, all is well, and you can close this page.",
            "فُتحت هذه الصفحة مرة ثانية أو بعد انتهاء المهلة. إذا ظهر لك من قبل أن حسابك قد رُبط، فكل شيء على ما يرام، ويمكنك إغلاق هذه الصفحة."),
        ["unknown_state.next"] = ("If not, go back to the application you came from and start again.", "وإلا فعُد إلى التطبيق الذي كنت تستخدمه وابدأ من جديد."),
        ["expired.title"] = ("That took too long", "انتهت المهلة"),
        ["expired"] = (
            "To keep your account safe, this has to be finished within ten minutes. Nothing was changed.",
            "حفاظًا على أمان حسابك، يجب إكمال الربط خلال عشر دقائق. لم يتغير شيء."),
        ["other_session.title"] = ("This began somewhere else", "لم تبدأ هذه العملية هنا"),
        ["other_session"] = (
            "This browser did not begin it, or did not keep the cookie that belongs to it. To keep your account safe, nothing was changed.",
            "لم تبدأ عملية الربط في هذا المتصفح، أو أن المتصفح لم يحتفظ بملف تعريف الارتباط (الكوكيز) الخاص بها. وحفاظًا على أمان حسابك لم يتغير شيء."),
        ["other_session.next"] = (
            "If somebody sent you here, close this page. If you began it yourself, start again from the application you came from, and stay in one browser that allows cookies.",
            "إذا أرسلك أحد إلى هنا فأغلق هذه الصفحة. أما إذا بدأت العملية بنفسك، فابدأ من جديد من التطبيق الذي كنت تستخدمه، وأكمل كل الخطوات في متصفح واحد يسمح بملفات تعريف الارتباط."),
        ["wrong_issuer.title"] = ("The answer came from somewhere else", "جاء الرد من جهة أخرى"),
        ["wrong_issuer"] = (
            "It came from another provider than the one you were sent to, so it was not used. Nothing was changed.",
            "جاء الرد من مزوّد غير الذي أُرسلت إليه، ولذلك لم يُستخدم ولم يتغير شيء."),
        ["wrong_issuer.next"] = (
            "Start again from the application you came from. If this happens again, tell the people who run it: it may be set up wrongly, or somebody may be interfering.",
            "ابدأ من جديد من التطبيق الذي كنت تستخدمه. وإذا تكرر ذلك فأبلغ القائمين عليه، فقد يكون في الإعداد خطأ، أو قد يكون هناك من يحاول التدخل."),
        ["denied.title"] = ("Your account was not connected", "لم يُربط حسابك"),
        ["denied"] = ("You chose not to agree, or the service did not let you.", "لم تتم الموافقة: إما أنك اخترت الرفض، أو أن الخدمة لم تسمح لك بالموافقة."),
        ["denied.next"] = (
            "If that is what you want, you can close this page. If not, start again from the application you came from and agree when the service asks. Somebody who manages the account there may have to do it.",
            "إذا كان هذا ما تريده فيمكنك إغلاق هذه الصفحة. وإلا فابدأ من جديد من التطبيق الذي كنت تستخدمه، ووافق عندما تسألك الخدمة. وقد يلزم أن يقوم بذلك من يدير الحساب فيها."),
        ["provider_error.title"] = ("The service reported a problem", "أبلغت الخدمة عن مشكلة"),
        ["provider_error"] = ("Because of it, your account was not connected.", "ولهذا لم يُربط حسابك."),
        ["no_code.title"] = ("The service's answer was incomplete", "وصل رد الخدمة ناقصًا"),
        ["no_code"] = ("Something is missing from it, so your account was not connected.", "ينقصه جزء ضروري، ولذلك لم يُربط حسابك."),
        ["code_refused.title"] = ("The last step did not work", "لم تكتمل الخطوة الأخيرة"),
        ["code_refused"] = ("The service sent you back here, but the connection could not be completed with it.", "أعادتك الخدمة إلى هنا، لكن تعذر إتمام الربط معها."),
        ["unavailable.title"] = ("The service cannot be reached", "يتعذر الوصول إلى الخدمة"),
        ["unavailable"] = ("It does not answer properly at the moment, so your account was not connected.", "الخدمة لا تستجيب كما ينبغي في الوقت الحالي، ولذلك لم يُربط حسابك."),
        ["changed.title"] = ("The settings were changed meanwhile", "تغيّرت الإعدادات في هذه الأثناء"),
        ["changed"] = (
            "After you began, somebody changed the settings of this connection. To keep your account safe, it was not connected.",
            "بعد أن بدأت، غيّر أحدهم إعدادات هذا الاتصال. وحفاظًا على أمان حسابك لم يتم ربطه."),
        ["provider_not_loaded.title"] = ("The service is not available here right now", "الخدمة غير متاحة هنا حاليًا"),
        ["provider_not_loaded"] = ("It is switched off here for the moment, so your account was not connected.", "الخدمة موقوفة هنا مؤقتًا، ولذلك لم يُربط حسابك."),
        ["provider_error.next"] = Later,
        ["no_code.next"] = Later,
        ["code_refused.next"] = Later,
        ["unavailable.next"] = Later,
        ["provider_not_loaded.next"] = Later,
    };
}
