using System.Collections.Concurrent;

namespace IntegrationHub.Testing.Contracts;

/// <summary>The schemas of a description, each read when it is first needed. Thread-safe.</summary>
internal sealed class SchemaSet(DescriptionFiles files)
{
    private readonly ConcurrentDictionary<(DescriptionFile File, string Pointer), ContractSchema> read = new();
    private readonly ConcurrentDictionary<NotUnderstood, bool> odd = new();

    /// <summary>What was found so far that is not understood.</summary>
    public IEnumerable<NotUnderstood> Odd => odd.Keys;

    public ContractSchema Get(Spot spot) => read.GetOrAdd((spot.File, spot.Pointer), static (_, state) => state.Self.Read(state.Spot), (Self: this, Spot: spot));

    /// <summary>The schema at a place; what its reference leads to. <see langword="null"/> when that is nowhere.</summary>
    public ContractSchema? Target(ContractSchema schema, out NotUnderstood? problem)
    {
        problem = null;
        var target = files.Follow(schema.Reference!.Value, out problem);
        if (problem is not null)
            odd.TryAdd(problem, true);

        return target is { } spot ? Get(spot) : null;
    }

    /// <summary>The schema that a discriminator's value names: by its mapping, else by the name of a schema beside the others.</summary>
    public Spot? Named(Spot from, Discriminator discriminator, string value, IReadOnlyList<Spot> alternatives)
    {
        var reference = discriminator.Mapping.GetValueOrDefault(value) ?? value;

        // A mapping may give a schema's bare name. It may also name an alternative, wherever that lies.
        foreach (var alternative in alternatives)
            if (alternative.Text("$ref") is { } known && (known == reference || known.EndsWith("/" + reference, StringComparison.Ordinal)))
                return alternative;

        foreach (var candidate in (string[])[reference, $"#/components/schemas/{reference}", $"#/definitions/{reference}"])
            if (candidate.Contains('#', StringComparison.Ordinal) && files.Target(from, candidate, out _) is { } found)
                return found;

        return null;
    }

    private ContractSchema Read(Spot spot)
    {
        var schema = SchemaReader.Read(spot);
        foreach (var oddity in schema.Blocks.Concat(schema.Notes))
            odd.TryAdd(oddity, true);

        return schema;
    }
}
