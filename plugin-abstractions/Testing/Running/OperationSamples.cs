using System.Text.Json;
using IntegrationHub.Manifests;
using IntegrationHub.Schemas;
using IntegrationHub.Testing.Generation;

namespace IntegrationHub.Testing.Running;

/// <summary>Parameters for an operation: given, from its schema's examples, or made up.</summary>
internal sealed class OperationSamples
{
    private static readonly JsonElement AnyObject = JsonElement.Parse("""{ "type": "object" }""");
    private readonly SchemaSampler sampler;

    public OperationSamples(string name, OperationManifest operation, ConformanceOptions options)
    {
        Name = name;
        Operation = operation;
        Pointer = "/operations/" + Escape(name);
        Schema = operation.Params ?? AnyObject;

        // Of the name too: operations of the same schema should not all get the same values.
        sampler = new SchemaSampler(Schema, options.Seed + name.Sum(c => c));
        ResultSchema = operation.Result is { } result && SchemaValidator.TryCompile(result, out var compiled).Count == 0 ? compiled : null;
        if (options.Parameters.TryGetValue(name, out var given))
        {
            Minimal = Full = given;
        }
        else
        {
            Minimal = sampler.Sample(SampleKind.Minimal);
            Full = sampler.Sample(SampleKind.Full) ?? Minimal;
        }
    }

    public string Name { get; }

    public OperationManifest Operation { get; }

    /// <summary>The operation's place in the manifest.</summary>
    public string Pointer { get; }

    public JsonElement Schema { get; }

    public SchemaValidator Validator => sampler.Validator;

    public SchemaValidator? ResultSchema { get; }

    /// <summary>Members of the result that are credentials themselves, as the result's schema says with <c>x-secret</c>.</summary>
    public IReadOnlySet<string> SecretResults =>
        Operation.Result is { ValueKind: JsonValueKind.Object } result && result.TryGetProperty("properties", out var members) && members.ValueKind == JsonValueKind.Object
            ? members.EnumerateObject().Where(member => member.Value.ValueKind == JsonValueKind.Object && member.Value.TryGetProperty("x-secret", out var secret) && secret.ValueKind == JsonValueKind.True)
                .Select(member => member.Name).ToHashSet(StringComparer.Ordinal)
            : new HashSet<string>();

    /// <summary>The least that the schema allows; <see langword="null"/> when nothing was found that it allows.</summary>
    public JsonElement? Minimal { get; }

    /// <summary>Everything that the schema describes.</summary>
    public JsonElement? Full { get; }

    /// <summary>What ordinary calls are made with.</summary>
    public JsonElement Usual => Minimal ?? JsonElement.Parse("{}");

    public bool IsValid(JsonElement parameters) => Validator.Validate(parameters).Count == 0;

    /// <summary>Minimal, full and the schema's own examples, without repetition.</summary>
    public IEnumerable<(string Name, JsonElement Parameters)> Ordinary()
    {
        if (Minimal is { } minimal)
            yield return ("minimal", minimal);

        if (Full is { } full && !(Minimal is { } least && JsonElement.DeepEquals(full, least)))
            yield return ("full", full);

        var number = 0;
        foreach (var example in sampler.Examples().Take(10))
            yield return ($"example {number++}", example);
    }

    /// <summary>Different valid parameters, boundaries and odd texts among them.</summary>
    public IEnumerable<JsonElement> MadeUp(int count)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
            if (sampler.Sample(i % 3 == 0 ? SampleKind.Random : SampleKind.Odd) is { } made && known.Add(made.GetRawText()))
                yield return made;
    }

    private static string Escape(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}
