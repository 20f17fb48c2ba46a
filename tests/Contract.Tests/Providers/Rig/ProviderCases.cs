using System.Collections.Concurrent;
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

/// <summary>What holds a provider's manifest against the vendor's descriptions: <c>Providers/cases/{provider}.json</c>. Whoever adds a provider adds such a file.</summary>
internal sealed class ProviderCases
{
    private static readonly ConcurrentDictionary<string, ProviderCases> Loaded = new();

    private ProviderCases(JsonElement root)
    {
        Config = root.GetProperty("config");
        Authorization = root.TryGetProperty("authorization", out var way) ? way.GetString() : null;
        BasePaths = root.TryGetProperty("basePaths", out var before) ? [.. before.EnumerateArray().Select(path => path.GetString()!)] : [];
        IsMocked = root.GetProperty("mock").GetBoolean();
        Descriptions = root.GetProperty("descriptions").EnumerateObject()
            .ToDictionary(pair => pair.Name, IReadOnlyList<string> (pair) => [.. pair.Value.EnumerateArray().Select(name => name.GetString()!)]);
        Undescribed = root.TryGetProperty("undescribed", out var pages) ? pages.EnumerateObject().ToDictionary(pair => pair.Name, pair => pair.Value.GetString()!) : [];
        All =
        [
            .. root.GetProperty("cases").EnumerateObject()
                .SelectMany(pair => pair.Value.EnumerateArray().Select(item => new OperationCase(pair.Name, item.GetProperty("name").GetString()!, item.GetProperty("params")))),
        ];
        Deviations = root.TryGetProperty("deviations", out var listed) ? listed.Deserialize<Deviation[]>(JsonSerializerOptions.Web)! : [];
    }

    /// <summary>The providers that have such a file.</summary>
    public static IReadOnlyList<string> Providers { get; } =
        [.. Directory.EnumerateFiles(Folder, "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    /// <summary>A connection's fields; see <see cref="ProviderConfigs"/>.</summary>
    public JsonElement Config { get; }

    /// <summary>The manifest's authentication for which an authorization server gives tokens; <see langword="null"/> when <see cref="Config"/> is enough to sign in.</summary>
    public string? Authorization { get; }

    /// <summary>Of a vendor with several hosts: what its addresses have before the descriptions' paths. The validator takes the place of all of them.</summary>
    public IReadOnlyList<string> BasePaths { get; }

    /// <summary>Whether a mock makes up the provider's answers from the description; of some vendors they say nothing that a mock could get right (Slack's <c>ok</c>).</summary>
    public bool IsMocked { get; }

    /// <summary>Operations by the description that judges them.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Descriptions { get; }

    /// <summary>Operations that no description has, and the vendor's page that each was taken from.</summary>
    public IReadOnlyDictionary<string, string> Undescribed { get; }

    public IReadOnlyList<OperationCase> All { get; }

    public IReadOnlyList<Deviation> Deviations { get; }

    private static string Folder => Repository.At("tests", "Contract.Tests", "Providers", "cases");

    public static ProviderCases Load(string provider) =>
        Loaded.GetOrAdd(provider, static id => new ProviderCases(JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, id + ".json"))).RootElement));
}
