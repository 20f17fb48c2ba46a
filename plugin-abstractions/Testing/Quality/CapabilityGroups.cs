using IntegrationHub.Capabilities;
using IntegrationHub.Manifests;

namespace IntegrationHub.Testing.Quality;

/// <summary>Which capabilities a provider of a category can be expected to have some of.</summary>
internal static class CapabilityGroups
{
    private static readonly Dictionary<string, string[]> ByCategory = new(StringComparer.Ordinal)
    {
        ["payment"] = ["payment.", "checkout.", "subscription.", "customer.", "payout.", "bnpl.", "token.", "invoice."],
        ["email"] = ["email."],
        ["messaging"] = ["sms.", "whatsapp.", "voice.", "chat.", "otp.", "email."],
        ["storage"] = ["file."],
        ["search"] = ["search."],
        ["crm"] = ["contact.", "deal."],
        ["analytics"] = ["event.", "user.", "report."],
        ["social"] = ["social."],
        ["shipping"] = ["shipment.", "rate."],
        ["ai"] = ["chat.", "embedding."],
        ["accounting"] = ["invoice.", "customer."],
    };

    /// <summary>What is missing, as a sentence; <see langword="null"/> when some of the category's capabilities are implemented, or it has none.</summary>
    public static string? Missing(ProviderManifest manifest)
    {
        if (!ByCategory.TryGetValue(manifest.Category, out var prefixes))
            return null;

        var fitting = CapabilityCatalog.All.Select(capability => capability.Name).Where(name => Array.Exists(prefixes, prefix => name.StartsWith(prefix, StringComparison.Ordinal))).ToList();
        return manifest.Operations.Values.Any(operation => operation.Implements is { } implements && fitting.Contains(implements.Capability))
            ? null
            : $"no operation implements any of the capabilities of '{manifest.Category}' ({string.Join(", ", fitting)})";
    }
}
