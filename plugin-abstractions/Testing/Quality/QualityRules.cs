using IntegrationHub.Manifests;
using IntegrationHub.Testing.Suite;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Testing.Quality;

/// <summary>What each level asks for, and whether a plugin has it. Everything is computed from the manifest and from what the checks have shown.</summary>
internal static class QualityRules
{
    private const int MostPointers = 20;

    public static IReadOnlyList<QualityRequirement> Judge(ProviderManifest? manifest, string folder, ConformanceOptions options, SuiteLog log)
    {
        var errors = log.Findings.Count(finding => finding.Severity == FindingSeverity.Error);
        var requirements = new Requirements();
        requirements.Ask(
            QualityLevel.Bronze, "bronze.valid", "no errors", errors == 0 ? null : $"the plugin has {errors} error{(errors == 1 ? "" : "s")}", "Correct them; each says where and how.",
            log.Findings.Where(finding => finding.Severity == FindingSeverity.Error).Select(finding => finding.Pointer).Where(pointer => pointer.Length > 0));
        if (manifest is null)
            return requirements.All;

        Bronze(manifest, requirements);
        Silver(manifest, options, log, requirements);
        Gold(manifest, log, requirements);
        Platinum(manifest, folder, log, requirements);
        return requirements.All;
    }

    public static QualityLevel LevelOf(IReadOnlyList<QualityRequirement> requirements)
    {
        var level = QualityLevel.None;
        foreach (var next in (QualityLevel[])[QualityLevel.Bronze, QualityLevel.Silver, QualityLevel.Gold, QualityLevel.Platinum])
        {
            var asked = requirements.Where(requirement => requirement.Level == next).ToList();
            if (asked.Count == 0 || asked.Exists(requirement => !requirement.Met))
                break;

            level = next;
        }

        return level;
    }

    private static void Bronze(ProviderManifest manifest, Requirements requirements)
    {
        requirements.Ask(QualityLevel.Bronze, "bronze.description", "a description", manifest.Description is null ? "there is no description" : null, "Say in a sentence or two what the provider is for.", ["/description"]);
        requirements.Ask(QualityLevel.Bronze, "bronze.setup", "setup steps", manifest.Setup.Count == 0 ? "there are no setup steps" : null, "Say in order what a person does to get the credentials.", ["/setup"]);
        requirements.Ask(QualityLevel.Bronze, "bronze.test", "a connection test", manifest.Tests.Count == 0 ? "there is no connection test" : null, "Name an operation that succeeds when the credentials are right.", ["/tests"]);
        var silent = manifest.Operations.Keys.Where(name => manifest.Simulator?.Operations.GetValueOrDefault(name) is not { Count: > 0 }).Select(Pointer).ToList();
        requirements.AskAll(QualityLevel.Bronze, "bronze.simulator", "simulated answers for every operation", "operations have no simulated answer", silent, "Add at least one under simulator.operations.");
    }

    private static void Silver(ProviderManifest manifest, ConformanceOptions options, SuiteLog log, Requirements requirements)
    {
        requirements.AskAll(
            QualityLevel.Silver, "silver.parameters", "parameter schemas for every operation", "operations do not describe their parameters",
            manifest.Operations.Where(pair => pair.Value.Params is null).Select(pair => Pointer(pair.Key) + "/params"), "Add a JSON schema; of an operation without parameters one without properties.");
        requirements.AskAll(
            QualityLevel.Silver, "silver.errors", "errors mapped", "operations do not say how errors are read",
            manifest.Operations.Where(pair => !MapsErrors(manifest, pair.Value, log)).Select(pair => Pointer(pair.Key) + "/response/errors"), "Say where code and message stand, in defaults.response.errors.");
        requirements.Ask(
            QualityLevel.Silver, "silver.limits", "limits declared", manifest.Limits is { RequestsPerSecond: not null } or { Concurrency: not null } ? null : "the provider's rate limits are not declared",
            "Write limits: { \"requestsPerSecond\": … }, as the vendor's documentation says.", ["/limits"]);
        requirements.Ask(QualityLevel.Silver, "silver.retry", "retry declared", manifest.Retry is null ? "it is not declared how failed attempts are repeated" : null, "Write retry: { \"maxAttempts\": 4 }.", ["/retry"]);
        requirements.Ask(QualityLevel.Silver, "silver.webhooks", "webhooks verified, or none", Unverified(manifest, log), "Describe how the provider signs, and add samples that show it.", ["/webhooks/verify"]);
        requirements.Ask(
            QualityLevel.Silver, "silver.complete", "nothing left out", options.Skip.Count == 0 ? null : $"checks were left out on request ({string.Join(", ", options.Skip)})", "Run the whole suite.", []);
    }

    private static void Gold(ProviderManifest manifest, SuiteLog log, Requirements requirements)
    {
        requirements.Ask(
            QualityLevel.Gold, "gold.contract", "requests checked against the vendor's own API description",
            ContractProblem(log),
            "Put the vendor's OpenAPI description into contract/, or name it, and correct what it finds.", []);
        requirements.AskAll(
            QualityLevel.Gold, "gold.samples", "a sample for every webhook type", "webhook types have no sample",
            (manifest.Webhooks?.Types.Keys ?? []).Where(type => manifest.Simulator?.Webhooks.ContainsKey(type) != true).Select(type => $"/webhooks/types/{type}"), "Add one each under simulator.webhooks.");
        requirements.Ask(QualityLevel.Gold, "gold.capabilities", "capabilities implemented where they exist", CapabilityGroups.Missing(manifest), "Add \"implements\" to the operations that do what a capability names.", ["/operations"]);
        requirements.AskAll(QualityLevel.Gold, "gold.texts", "texts in English and Arabic", "texts are missing in English or Arabic", Texts.Missing(manifest), "Write { \"en\": \"…\", \"ar\": \"…\" }.");
    }

    private static void Platinum(ProviderManifest manifest, string folder, SuiteLog log, Requirements requirements)
    {
        var recorded = RecordedMaterial.Read(folder);
        requirements.AskAll(
            QualityLevel.Platinum, "platinum.webhooks", "every webhook type verified against a recorded request", "webhook types have no recorded request in contract/webhooks",
            (manifest.Webhooks?.Types.Keys ?? []).Except(recorded.Webhooks.Select(request => request.Type ?? "")).Select(type => $"/webhooks/types/{type}"), "Record what the vendor sends; see docs/plugins/certification.md.");
        requirements.Ask(
            QualityLevel.Platinum, "platinum.recorded", "recorded material accepted", log.Failed("recorded.webhooks") || log.Failed("recorded.errors") ? "recorded material does not fit the manifest" : null, null, []);
        requirements.AskAll(
            QualityLevel.Platinum, "platinum.errors", "every mapped error verified against a recorded answer", "error codes have no recorded answer in contract/errors",
            RecordedMaterial.CodesOf(manifest).Where(code => !recorded.Errors.Any(answer => answer.Proves(code.Code))).Select(code => code.Pointer), "Record the vendor's answers; see docs/plugins/certification.md.");
        requirements.Ask(
            QualityLevel.Platinum, "platinum.limits", "rate-limit headers declared", manifest.Limits?.Headers is null ? "the headers that state what is left of the rate limit are not declared" : null,
            "Write limits.headers; if the provider has none, platinum is out of reach.", ["/limits/headers"]);
        requirements.AskAll(
            QualityLevel.Platinum, "platinum.pagination", "pagination declared", "operations that list have no pagination",
            manifest.Operations.Where(pair => pair.Key.StartsWith("list", StringComparison.OrdinalIgnoreCase) && pair.Value.Pagination is null).Select(pair => Pointer(pair.Key) + "/pagination"), "Say how further pages are reached.");
        requirements.AskAll(
            QualityLevel.Platinum, "platinum.idempotency", "idempotency declared", "operations that create say nothing of repetition",
            manifest.Operations.Where(pair => Creates(pair.Value) && pair.Value.Idempotency is null && manifest.Defaults.Idempotency is null && pair.Value.Idempotent is null && pair.Value.Safe is null).Select(pair => Pointer(pair.Key) + "/idempotency"),
            "Name the header of the idempotency key, or say \"idempotent\": true or false.");
    }

    private static bool Creates(OperationManifest operation) => operation.Http?.Method is "POST" or "PATCH";

    private static bool MapsErrors(ProviderManifest manifest, OperationManifest operation, SuiteLog log) =>
        operation.Http is null
            ? log.Proved("faults.status") && !log.Failed("operations.errors")
            : (operation.Response?.Errors ?? manifest.Defaults.Response?.Errors) is { } errors && (errors.Code.Count > 0 || errors.Message.Count > 0 || errors.Categories.Count > 0);

    private static string? Unverified(ProviderManifest manifest, SuiteLog log)
    {
        if (manifest.Webhooks is not { } webhooks)
            return null;

        if (webhooks.Verify.Any(scheme => scheme.Scheme == VerifyScheme.None))
            return "webhooks are not verified";

        // Signed samples show the schemes that the suite can sign for; the others need what the vendor sent.
        var shown = webhooks.Verify.All(WebhookSigner.CanSign) ? log.Proved("webhooks.accepted") || log.Proved("recorded.webhooks") : log.Proved("recorded.webhooks");
        return shown ? null : "it is not shown that a genuine webhook is accepted";
    }

    private static string? ContractProblem(SuiteLog log)
    {
        if (!log.Checks.Any(check => check.Id == "contract.requests" && check.Outcome != CheckOutcome.Skipped))
            return "no request was checked against the vendor's own API description";

        if (log.Findings.Any(finding => finding.Severity == FindingSeverity.Error && ReportText.GroupOf(finding.Check) == "contract"))
            return "requests or simulated answers do not fit the vendor's description";

        return log.Findings.Any(finding => finding.Check == "contract.judged") ? "not every request could be judged by the vendor's description" : null;
    }

    private static string Pointer(string operation) => "/operations/" + operation.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    private sealed class Requirements
    {
        private readonly List<QualityRequirement> all = [];

        public IReadOnlyList<QualityRequirement> All => all;

        public void Ask(QualityLevel level, string id, string what, string? missing, string? hint, IEnumerable<string> pointers) =>
            all.Add(new QualityRequirement
            {
                Level = level, Id = id, Met = missing is null, Message = missing ?? what, Hint = missing is null ? null : hint, Pointers = missing is null ? [] : [.. pointers.Distinct().Take(MostPointers)],
            });

        public void AskAll(QualityLevel level, string id, string what, string missing, IEnumerable<string> lacking, string hint)
        {
            var places = lacking.ToList();
            Ask(level, id, what, places.Count == 0 ? null : $"{missing}: {places.Count}", hint, places);
        }
    }
}
