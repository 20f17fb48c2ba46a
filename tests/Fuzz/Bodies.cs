using System.Globalization;
using System.Text;

namespace IntegrationHub.Fuzz;

/// <summary>Bodies as the providers send them, with values that vary.</summary>
internal static class Bodies
{
    public static byte[] Json(Dice dice) => Utf8(
        $$"""{"id":"{{Id(dice)}}","type":"{{dice.Pick("order.created", "payment_intent.succeeded", "url_verification", "ünï.cödé", "")}}","created":{{Time(dice)}},"webhookTimestamp":{{Draft.Now.ToUnixTimeMilliseconds()}},"amount":{{Number(dice)}},"data":{"object":{"id":"obj_{{dice.Text(6)}}","ok":true,"none":null} },"challenge":"{{dice.Text(12)}}","text":{{Text(dice)}} }""");

    public static byte[] Batch(Dice dice)
    {
        var items = Enumerable.Range(0, dice.Below(6)).Select(_ => $$"""{"sg_event_id":"{{Id(dice)}}","event":"delivered","timestamp":{{Time(dice)}},"sg_message_id":"m_{{dice.Text(5)}}","n":{{Number(dice)}} }""");
        return Utf8($"[{string.Join(',', items)}]{dice.Pick("", "\r\n")}");
    }

    public static byte[] Nested(Dice dice)
    {
        var entries = Enumerable.Range(0, 1 + dice.Below(3)).Select(_ =>
            $$"""{"id":"{{dice.Text(4)}}","changes":[{{string.Join(',', Enumerable.Range(0, dice.Below(4)).Select(_ => $$"""{"field":"messages","value":{"id":"{{Id(dice)}}","t":{{Time(dice)}} } }"""))}}]}""");
        return Utf8($$"""{"object":"page","entry":[{{string.Join(',', entries)}}]}""");
    }

    public static byte[] Form(Dice dice) => Utf8(
        $"MessageSid=SM{dice.Text(8)}&MessageStatus={dice.Pick("sent", "delivered", "failed")}&Body={dice.Pick("Hello+World", "%D9%85%D8%B1%D8%AD%D8%A8%D8%A7", "a%26b%3Dc", "")}&To=%2B15550100{dice.Pick("", "&Media=b&Media=a&Media=b", "&Empty=", "&flag")}");

    public static byte[] Adyen(Dice dice) => Utf8(
        $$$"""{"live":"false","notificationItems":[{"NotificationRequestItem":{"additionalData":{},"amount":{"currency":"EUR","value":{{{Number(dice)}}}},"eventCode":"AUTHORISATION","merchantAccountCode":"Shop","merchantReference":"order-{{{dice.Below(100)}}}","pspReference":"{{{Id(dice)}}}","success":"true"}}]}""");

    public static byte[] Paymob(Dice dice) => Utf8(
        $$$"""{"type":"TRANSACTION","obj":{"id":{{{dice.Below(1000)}}},"amount_cents":{{{Number(dice)}}},"created_at":"2026-01-01T12:00:00","currency":"EGP","pending":false,"success":true,"order":{"id":{{{dice.Below(99)}}}},"owner":null}}""");

    public static byte[] Signals(Dice dice) => Utf8(
        $$$"""{"signature":{"token":"{{{dice.Text(12)}}}","timestamp":"{{{Draft.Now.ToUnixTimeSeconds()}}}","signature":""},"event-data":{"id":"{{{Id(dice)}}}","event":"opened","timestamp":{{{Time(dice)}}}.25}}""");

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static string Id(Dice dice) => "evt_" + dice.Text(1 + dice.Below(20));

    private static string Time(Dice dice) => (Draft.Now.ToUnixTimeSeconds() - dice.Below(100_000)).ToString(CultureInfo.InvariantCulture);

    private static string Number(Dice dice) => dice.Pick("0", "12.50", "100", "-3", "1e3", "999999999999999999", "0.1");

    private static string Text(Dice dice) => dice.Pick("\"plain\"", "\"Zoë 😀 مرحبا\"", "\"\\ud83d\\ude00\"", "\"\\u0000\"", "null", "[]", "{}", "\"" + dice.Text(40) + "\"");
}
