using System.Text.Json;
using IntegrationHub.Schemas;

namespace IntegrationHub.Testing.Contracts;

/// <summary>What a schema says of names it does not list.</summary>
internal enum OtherNames
{
    /// <summary>Nothing. JSON Schema then allows them; a vendor that listed its names mostly ignores others.</summary>
    Unsaid,
    Allowed,
    Forbidden,
}

/// <summary>Which schema a value chooses by one of its properties.</summary>
/// <param name="Property">That property's name.</param>
/// <param name="Mapping">References by its value.</param>
internal sealed record Discriminator(string Property, IReadOnlyDictionary<string, string> Mapping);

/// <summary>
/// One schema object of a description, its keywords read; the schemas below it are read when a value gets there. Immutable. Values of keywords that make no sense are
/// taken for absent and named in <see cref="Notes"/>.
/// </summary>
internal sealed class ContractSchema
{
    public required Spot Spot { get; init; }

    public string Place => Spot.Place;

    /// <summary>Of the schemas <c>true</c> and <c>false</c>.</summary>
    public bool? Always { get; init; }

    /// <summary>The schema this one refers to.</summary>
    public Spot? Reference { get; init; }

    public IReadOnlyList<string> Types { get; init; } = [];

    public bool AllowsNull { get; init; }

    public JsonElement? Enum { get; init; }

    public JsonElement? Const { get; init; }

    public string? Format { get; init; }

    public JsonElement? Minimum { get; init; }

    public JsonElement? Maximum { get; init; }

    public JsonElement? ExclusiveMinimum { get; init; }

    public JsonElement? ExclusiveMaximum { get; init; }

    public JsonElement? MultipleOf { get; init; }

    public int? MinLength { get; init; }

    public int? MaxLength { get; init; }

    public SchemaPattern? Pattern { get; init; }

    public Spot? Items { get; init; }

    public IReadOnlyList<Spot> PrefixItems { get; init; } = [];

    public int? MinItems { get; init; }

    public int? MaxItems { get; init; }

    public bool UniqueItems { get; init; }

    public Spot? Contains { get; init; }

    public int MinContains { get; init; } = 1;

    public int? MaxContains { get; init; }

    public IReadOnlyDictionary<string, Spot> Properties { get; init; } = new Dictionary<string, Spot>();

    public IReadOnlyList<(SchemaPattern Pattern, Spot Schema)> PatternProperties { get; init; } = [];

    public OtherNames Others { get; init; }

    /// <summary>What properties must be that are not listed.</summary>
    public Spot? OtherSchema { get; init; }

    /// <summary>As <see cref="Others"/>, with the names of all schemas that apply counted as listed.</summary>
    public OtherNames Unevaluated { get; init; }

    public IReadOnlyList<string> Required { get; init; } = [];

    public int? MinProperties { get; init; }

    public int? MaxProperties { get; init; }

    public Spot? PropertyNames { get; init; }

    public IReadOnlyDictionary<string, IReadOnlyList<string>> DependentRequired { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    public IReadOnlyDictionary<string, Spot> DependentSchemas { get; init; } = new Dictionary<string, Spot>();

    public IReadOnlyList<Spot> AllOf { get; init; } = [];

    public IReadOnlyList<Spot> AnyOf { get; init; } = [];

    public IReadOnlyList<Spot> OneOf { get; init; } = [];

    public Spot? Not { get; init; }

    public Spot? If { get; init; }

    public Spot? Then { get; init; }

    public Spot? Else { get; init; }

    public Discriminator? Discriminator { get; init; }

    public bool ReadOnly { get; init; }

    public bool WriteOnly { get; init; }

    /// <summary>Keywords that constrain values and are not judged by: a value under one of them is not judged.</summary>
    public IReadOnlyList<NotUnderstood> Blocks { get; init; } = [];

    /// <summary>What else is odd.</summary>
    public IReadOnlyList<NotUnderstood> Notes { get; init; } = [];

    /// <summary>Whether it names any properties.</summary>
    public bool ListsNames => Properties.Count > 0 || PatternProperties.Count > 0;

    /// <summary>Whether it says "any object", and no more.</summary>
    public bool IsAnyObject => !ListsNames && Required.Count == 0 && AllOf.Count + AnyOf.Count + OneOf.Count == 0 && (Types.Contains("object") || (Types.Count == 0 && Spot.IsObject && Enum is null));
}
