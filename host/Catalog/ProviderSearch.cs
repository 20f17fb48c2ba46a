using IntegrationHub.Manifests;

namespace IntegrationHub.Host.Catalog;

/// <summary>What a search of the catalog asks for. Every condition given must hold.</summary>
internal sealed record ProviderSearch
{
    /// <summary>Capabilities that the provider must have, all of them.</summary>
    public IReadOnlyList<string> Capabilities { get; init; } = [];

    public string? Category { get; init; }

    /// <summary>ISO 3166-1 alpha-2. A provider that states no markets is not found by one.</summary>
    public string? Market { get; init; }

    /// <summary>ISO 4217.</summary>
    public string? Currency { get; init; }

    /// <summary>BCP 47; <c>ar</c> finds <c>ar-SA</c> too.</summary>
    public string? Language { get; init; }

    /// <summary>Words, each of which must occur somewhere: name, description in any language, category, operations, capabilities.</summary>
    public string? Text { get; init; }

    public static IReadOnlyList<string> CapabilitiesOf(ProviderManifest manifest) =>
    [
        .. manifest.Operations.Values.Select(operation => operation.Implements?.Capability).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
    ];

    public bool Matches(ProviderManifest manifest) =>
        Capabilities.All(CapabilitiesOf(manifest).Contains)
        && (Category is null || Same(manifest.Category, Category))
        && (Market is null || manifest.Markets.Any(market => market == "*" || Same(market, Market)))
        && (Currency is null || manifest.Currencies.Any(currency => currency == "*" || Same(currency, Currency)))
        && (Language is null || manifest.Languages.Any(language => Same(language, Language) || language.StartsWith(Language + "-", StringComparison.OrdinalIgnoreCase)))
        && (Text is null || HasEveryWord(manifest, Text));

    private static bool HasEveryWord(ProviderManifest manifest, string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .All(word => Texts(manifest).Any(found => found.Contains(word, StringComparison.OrdinalIgnoreCase)));

    private static IEnumerable<string> Texts(ProviderManifest manifest) =>
    [
        manifest.Id,
        manifest.Name,
        manifest.Category,
        .. manifest.Description?.ByLanguage.Values ?? [],
        .. manifest.Operations.Keys,
        .. manifest.Operations.Values.SelectMany(operation => operation.Title?.ByLanguage.Values ?? []),
        .. CapabilitiesOf(manifest),
    ];

    private static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
