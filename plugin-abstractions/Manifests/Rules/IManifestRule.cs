using IntegrationHub.Schemas;

namespace IntegrationHub.Manifests.Rules;

/// <summary>One idea of what makes a manifest sound, beyond its JSON schema. Stateless. Runs on faulty manifests too, and must not mind.</summary>
internal interface IManifestRule
{
    void Check(ManifestDraft draft, ManifestFindings findings);
}

/// <summary>What rules have found.</summary>
internal sealed class ManifestFindings(List<ValidationIssue> errors)
{
    public List<ValidationIssue> Errors => errors;

    public List<ValidationIssue> Warnings { get; } = [];

    public void Error(string pointer, string message, string? hint = null) => Add(errors, new ValidationIssue(pointer, message, hint));

    public void Warn(string pointer, string message, string? hint = null) => Add(Warnings, new ValidationIssue(pointer, message, hint));

    private static void Add(List<ValidationIssue> list, ValidationIssue issue)
    {
        if (!list.Contains(issue))
            list.Add(issue);
    }
}

/// <summary>The rules, in the order in which their findings are read best.</summary>
internal static class ManifestRules
{
    public static IReadOnlyList<IManifestRule> All { get; } =
    [
        new VersionRule(), new CatalogRule(), new FilesRule(), new ConfigRule(), new EnvironmentRule(), new NetworkRule(), new AuthRule(), new OAuthRule(),
        new OperationSchemaRule(), new HttpRule(), new BodyRule(), new ResponseRule(), new PaginationRule(), new IdempotencyRule(), new CapabilityRule(), new TemplateRule(),
        new WebhookVerifyRule(), new WebhookTimestampRule(), new WebhookContentRule(), new TestRule(), new SimulatorRule(), new TimingRule(), new LiteralSecretRule(), new DocumentationRule(),
    ];
}
