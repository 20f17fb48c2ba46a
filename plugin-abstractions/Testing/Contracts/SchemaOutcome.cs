using IntegrationHub.Schemas;

namespace IntegrationHub.Testing.Contracts;

/// <summary>Which way a message goes: what the vendor alone may write does not belong in a request, what only a client writes not in an answer.</summary>
internal enum Direction
{
    Request,
    Answer,
}

/// <summary>What one schema says of one value: what is wrong, and which of the value's names it knows.</summary>
internal sealed class SchemaOutcome
{
    public List<ContractViolation> Violations { get; } = [];

    public List<NotUnderstood> NotJudged { get; } = [];

    /// <summary>Names that the schema, or one that it applies, lists; with those of the value that match a pattern or were allowed.</summary>
    public HashSet<string> Known { get; } = [];

    /// <summary>Whether anything lists names.</summary>
    public bool Lists { get; set; }

    /// <summary>Whether other names are allowed in so many words.</summary>
    public bool Open { get; set; }

    public IEnumerable<ContractViolation> Errors => Violations.Where(violation => violation.Severity == ViolationSeverity.Error);

    public bool Fits => !Errors.Any();

    public void Add(ViolationKind kind, string pointer, string message, string place, string? hint = null, ViolationSeverity severity = ViolationSeverity.Error) =>
        Violations.Add(new ContractViolation(kind, severity, pointer, message, place, hint));

    /// <summary>Takes over all that another schema says of the same value.</summary>
    public void Take(SchemaOutcome other)
    {
        Violations.AddRange(other.Violations);
        NotJudged.AddRange(other.NotJudged);
        TakeNames(other);
    }

    public void TakeNames(SchemaOutcome other)
    {
        Known.UnionWith(other.Known);
        Lists |= other.Lists;
        Open |= other.Open;
    }

    /// <summary>Takes over what is wrong further down.</summary>
    public void TakeFindings(SchemaOutcome below)
    {
        Violations.AddRange(below.Violations);
        NotJudged.AddRange(below.NotJudged);
    }

    public static string Quote(string name) => name.Length <= 60 ? $"\"{name}\"" : $"\"{name[..59]}…\"";

    public static string TypesIn(IEnumerable<string> types) => string.Join(" or ", types.Distinct().Select(JsonKind.Name));
}

/// <summary>A value and a schema multiply each other beyond reason.</summary>
internal sealed class TooComplexException : Exception;
