using System.Text;
using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Simulation;
using IntegrationHub.Testing.Http;
using IntegrationHub.Testing.Suite;

namespace IntegrationHub.Testing.Running;

/// <summary>The provider as the manifest simulates it: answers by what the call asked for, also where code makes the request. Thread-safe.</summary>
internal sealed class SimulatedProvider(ProviderManifest manifest)
{
    private const int Deepest = 1000;
    private readonly ProviderSimulator simulator = new(manifest);

    /// <summary>Answers one call.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="parameters">The call's parameters.</param>
    /// <param name="baseUrl">The connection's base address.</param>
    /// <param name="cursor">The page asked for.</param>
    /// <param name="given">Is told what was answered.</param>
    public Responder Answering(string operation, JsonElement parameters, string baseUrl, string? cursor = null, Action<SimulatorAnswer?>? given = null) => (request, _) =>
    {
        var asked = Merge(operation, parameters, cursor, simulator.Parameters(operation, request.ToSimulated(baseUrl)));
        var answer = simulator.Find(operation, asked);
        given?.Invoke(answer);
        return Task.FromResult(answer is null ? Answers.Of(404, Encoding.UTF8.GetBytes("""{"error":"nothing is simulated for this"}"""), "application/json") : Answers.Of(answer, asked));
    };

    /// <summary>What the hub's simulator address would answer to a request.</summary>
    public SimulatedMatch? AtAddress(RecordedRequest request, string baseUrl) => simulator.Match(request.ToSimulated(baseUrl));

    public SimulatorAnswer? Find(string operation, JsonElement parameters) => simulator.Find(operation, parameters);

    public IReadOnlyList<SimulatorAnswer> AnswersOf(string operation) => manifest.Simulator?.Operations.GetValueOrDefault(operation) ?? [];

    // What was asked for counts as it was given; the page is what the request says, since a cursor overrides the parameter.
    private JsonElement Merge(string operation, JsonElement parameters, string? cursor, JsonElement? wire)
    {
        if (parameters.ValueKind != JsonValueKind.Object)
            return parameters;

        var paging = manifest.Operations[operation].Pagination?.Param;
        var merged = parameters.EnumerateObject().ToDictionary(member => member.Name, member => member.Value.GetRawText(), StringComparer.Ordinal);
        if (wire is { ValueKind: JsonValueKind.Object } sent)
            foreach (var member in sent.EnumerateObject().Where(member => member.Name == paging || !merged.ContainsKey(member.Name)))
                merged[member.Name] = member.Value.GetRawText();
        else if (cursor is not null && paging is not null)
            merged[paging] = JsonSerializer.Serialize(cursor, SuiteJson.Default.String);

        // Written by hand: parameters may be nested deeper than a serializer follows.
        var text = "{" + string.Join(',', merged.Select(member => $"{JsonSerializer.Serialize(member.Key, SuiteJson.Default.String)}:{member.Value}")) + "}";
        return JsonElement.Parse(Encoding.UTF8.GetBytes(text), new JsonDocumentOptions { MaxDepth = Deepest });
    }
}
