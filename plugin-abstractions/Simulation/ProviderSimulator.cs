using System.Text;
using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Templates;

namespace IntegrationHub.Simulation;

/// <summary>
/// Stands in for a provider as its manifest's <c>simulator</c> says: finds the operation that a request looks like, and the answer whose <c>when</c> holds.
/// The hub's <c>/simulators</c> address and the conformance kit answer with it. Immutable and thread-safe.
/// </summary>
public sealed class ProviderSimulator
{
    private readonly ProviderManifest manifest;
    private readonly IReadOnlyDictionary<string, IReadOnlyList<SimulatorAnswer>> answers;

    /// <summary>A stand-in for the provider of a manifest; one without a <c>simulator</c> answers nothing.</summary>
    public ProviderSimulator(ProviderManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        this.manifest = manifest;
        answers = manifest.Simulator?.Operations ?? new Dictionary<string, IReadOnlyList<SimulatorAnswer>>();
    }

    /// <summary>
    /// The answer to a request: of the first operation in the manifest's order whose method and path fit and that has an answer for what was sent;
    /// <see langword="null"/> when there is none. Only operations with an <c>http</c> part can be recognised.
    /// </summary>
    public SimulatedMatch? Match(SimulatedRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var sent = new SentParameters(request);
        foreach (var (name, operation) in manifest.Operations)
        {
            if (answers.ContainsKey(name) && sent.Match(operation) is { } parameters && Find(name, parameters) is { } answer)
                return new SimulatedMatch(name, parameters, answer);
        }

        return null;
    }

    /// <summary>The parameters that a request carries, when it looks like the operation's; <see langword="null"/> when it does not.</summary>
    public JsonElement? Parameters(string operation, SimulatedRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return manifest.Operations.TryGetValue(operation, out var described) ? new SentParameters(request).Match(described) : null;
    }

    /// <summary>The first answer of an operation whose <c>when</c> holds for the parameters; <see langword="null"/> when there is none.</summary>
    public SimulatorAnswer? Find(string operation, JsonElement parameters)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return answers.TryGetValue(operation, out var own) ? own.FirstOrDefault(answer => Holds(answer.When, parameters)) : null;
    }

    /// <summary>The bytes of an answer's body: JSON as it stands in the manifest, a text as it is when the media type is not JSON.</summary>
    public static byte[] Body(SimulatorAnswer answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (answer.Body is not { } body)
            return [];

        return Encoding.UTF8.GetBytes(answer.ContentType.Contains("json", StringComparison.Ordinal) ? body.GetRawText() : body.ToString());
    }

    /// <summary>The bytes of an answer's body for what was sent: as <see cref="Body(SimulatorAnswer)"/>, with what <see cref="SimulatorAnswer.Echo"/> repeats of the parameters.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="parameters">What was sent, by the names it has there: an object.</param>
    public static byte[] Body(SimulatorAnswer answer, JsonElement parameters)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return answer.Echo.Count == 0 || answer.Body is not { } body ? Body(answer) : Body(answer with { Body = EchoedBody.Of(body, answer.Echo, parameters) });
    }

    /// <summary>Whether every pointer leads to its value. Forms carry text only, so a number equals the text that writes it.</summary>
    private static bool Holds(IReadOnlyDictionary<string, JsonElement> when, JsonElement parameters) =>
        when.All(condition => JsonPointer.TryParse(condition.Key, out var pointer) && pointer.TryEvaluate(parameters, out var found) && TextOf(found) == TextOf(condition.Value));

    // JsonElement writes booleans as "True"; forms carry "true".
    private static string TextOf(JsonElement value) => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetRawText() : value.ToString();
}
