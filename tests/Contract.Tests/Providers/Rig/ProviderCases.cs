using System.Text.Json;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Contract.Tests.Providers.Rig;

/// <summary>One call of one operation.</summary>
internal sealed record OperationCase(string Operation, string Name, JsonElement Parameters);

/// <summary>What a description says that no longer holds, or never did, with the page that says otherwise.</summary>
internal sealed record Deviation(string Operation, string Path, string Contains, string Reason, string Page)
{
    public bool Explains(string operation, Violation violation) =>
        (Operation == "*" || Operation == operation) && violation.Path == Path && violation.Message.Contains(Contains, StringComparison.Ordinal);
}

/// <summary>The calls that hold a provider's manifest against the vendor's descriptions: <c>Providers/cases/{provider}.json</c>.</summary>
internal sealed class ProviderCases
{
    private ProviderCases(IReadOnlyDictionary<string, IReadOnlyList<string>> descriptions, IReadOnlyList<OperationCase> cases, IReadOnlyList<Deviation> deviations)
    {
        Descriptions = descriptions;
        All = cases;
        Deviations = deviations;
    }

    /// <summary>Operations by the description that judges them.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Descriptions { get; }

    public IReadOnlyList<OperationCase> All { get; }

    public IReadOnlyList<Deviation> Deviations { get; }

    public static ProviderCases Load(string provider)
    {
        var root = Parse(Repository.At("tests", "Contract.Tests", "Providers", "cases", provider + ".json"));
        var descriptions = root.GetProperty("descriptions").EnumerateObject()
            .ToDictionary(pair => pair.Name, IReadOnlyList<string> (pair) => [.. pair.Value.EnumerateArray().Select(name => name.GetString()!)]);
        var cases = root.GetProperty("cases").EnumerateObject()
            .SelectMany(pair => pair.Value.EnumerateArray().Select(item => new OperationCase(pair.Name, item.GetProperty("name").GetString()!, item.GetProperty("params"))));
        return new ProviderCases(descriptions, [.. cases], Explained(provider));
    }

    private static Deviation[] Explained(string provider)
    {
        var all = Parse(Repository.At("tests", "Contract.Tests", "Providers", "deviations.json"));
        return all.TryGetProperty(provider, out var listed) ? listed.Deserialize<Deviation[]>(JsonSerializerOptions.Web)! : [];
    }

    private static JsonElement Parse(string path) => JsonDocument.Parse(File.ReadAllBytes(path)).RootElement;
}
