using System.Text.Json;
using IntegrationHub.Schemas;

namespace IntegrationHub.Testing.Contracts;

/// <summary>Reads one schema object in the dialect of its file. Throws nothing, whatever stands there.</summary>
internal sealed class SchemaReader
{
    private static readonly string[] TypeNames = ["string", "number", "integer", "boolean", "array", "object", "null"];

    /// <summary>Keywords that say nothing about which values are allowed, and those read elsewhere (of a Swagger 2.0 parameter, which is a schema of its own).</summary>
    private static readonly HashSet<string> Harmless =
    [
        "title", "description", "default", "example", "examples", "externalDocs", "xml", "deprecated", "$comment", "$schema", "$id", "$defs", "definitions", "$anchor",
        "contentEncoding", "contentMediaType", "contentSchema", "name", "in", "collectionFormat", "allowEmptyValue", "style", "explode", "summary", "allowReserved",
    ];

    private static readonly HashSet<string> Judged =
    [
        "$ref", "type", "nullable", "enum", "const", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern",
        "items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains", "minContains", "maxContains", "properties", "patternProperties", "additionalProperties",
        "unevaluatedProperties", "required", "minProperties", "maxProperties", "propertyNames", "dependentRequired", "dependentSchemas", "allOf", "anyOf", "oneOf", "not", "if",
        "then", "else", "discriminator", "readOnly", "writeOnly",
    ];

    private static readonly HashSet<string> Constraining = ["$dynamicRef", "$recursiveRef", "unevaluatedItems", "dependencies", "additionalItems"];

    private readonly Spot spot;
    private readonly List<NotUnderstood> blocks = [];
    private readonly List<NotUnderstood> notes = [];

    private SchemaReader(Spot spot) => this.spot = spot;

    public static ContractSchema Read(Spot spot) => new SchemaReader(spot).Read();

    private ContractSchema Read()
    {
        if (spot.Element.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return new ContractSchema { Spot = spot, Always = spot.Element.GetBoolean() };

        if (!spot.IsObject)
            return new ContractSchema { Spot = spot, Blocks = [new NotUnderstood(spot.Place, JsonKind.Name(spot.Element.ValueKind), "A schema is an object.")] };

        var newer = spot.File.Dialect == DescriptionDialect.OpenApi31;
        var reference = spot.Text("$ref") is null ? null : (Spot?)spot;
        if (reference is not null && !newer)
        {
            // Until 3.1 what stands beside a reference is ignored. "nullable" there is a common slip, and means what it says.
            return new ContractSchema { Spot = spot, Reference = reference, AllowsNull = spot.IsTrue("nullable"), ReadOnly = spot.IsTrue("readOnly"), WriteOnly = spot.IsTrue("writeOnly") };
        }

        foreach (var (name, member) in spot.Members())
            if (Constraining.Contains(name))
                blocks.Add(new NotUnderstood(member.Place, name, "Values under this keyword are not judged."));
            else if (!Judged.Contains(name) && !Harmless.Contains(name) && !name.StartsWith("x-", StringComparison.OrdinalIgnoreCase))
                notes.Add(new NotUnderstood(member.Place, name, "The keyword is not known, and ignored."));

        var types = Types();
        var (minimum, exclusiveMinimum) = Bound("minimum", "exclusiveMinimum");
        var (maximum, exclusiveMaximum) = Bound("maximum", "exclusiveMaximum");
        return new ContractSchema
        {
            Spot = spot,
            Reference = reference,
            Types = types,
            AllowsNull = spot.IsTrue("nullable") || spot.IsTrue("x-nullable") || types.Contains("null"),
            Enum = Of("enum", JsonValueKind.Array),
            Const = spot.Get("const")?.Element,
            Format = spot.Text("format"),
            Minimum = minimum,
            Maximum = maximum,
            ExclusiveMinimum = exclusiveMinimum,
            ExclusiveMaximum = exclusiveMaximum,
            MultipleOf = Of("multipleOf", JsonValueKind.Number) is { } of && of.GetDouble() > 0 ? of : null,
            MinLength = Count("minLength"),
            MaxLength = Count("maxLength"),
            Pattern = spot.Get("pattern") is { } pattern ? Pattern(pattern, pattern.Element.ValueKind == JsonValueKind.String ? pattern.Element.GetString()! : "") : null,
            Items = spot.Get("items") is { Element.ValueKind: not JsonValueKind.Array } items ? items : null,
            PrefixItems = [.. (spot.Get("prefixItems") ?? spot.Get("items"))?.Items() ?? []],
            MinItems = Count("minItems"),
            MaxItems = Count("maxItems"),
            UniqueItems = spot.IsTrue("uniqueItems"),
            Contains = spot.Get("contains"),
            MinContains = Count("minContains") ?? 1,
            MaxContains = Count("maxContains"),
            Properties = Map("properties"),
            PatternProperties = [.. Map("patternProperties").Select(pair => (Pattern: Pattern(pair.Value, pair.Key), pair.Value)).Where(pair => pair.Pattern is not null).Select(pair => (pair.Pattern!, pair.Value))],
            Others = Others("additionalProperties"),
            OtherSchema = spot.Get("additionalProperties") is { IsObject: true } others ? others : null,
            Unevaluated = Others("unevaluatedProperties"),
            Required = Names("required"),
            MinProperties = Count("minProperties"),
            MaxProperties = Count("maxProperties"),
            PropertyNames = spot.Get("propertyNames"),
            DependentRequired = Map("dependentRequired").ToDictionary(pair => pair.Key, IReadOnlyList<string> (pair) => Names(pair.Value)),
            DependentSchemas = Map("dependentSchemas"),
            AllOf = Schemas("allOf"),
            AnyOf = Schemas("anyOf"),
            OneOf = Schemas("oneOf"),
            Not = spot.Get("not"),
            If = spot.Get("if"),
            Then = spot.Get("then"),
            Else = spot.Get("else"),
            Discriminator = ReadDiscriminator(),
            ReadOnly = spot.IsTrue("readOnly"),
            WriteOnly = spot.IsTrue("writeOnly"),
            Blocks = blocks,
            Notes = notes,
        };
    }

    private List<string> Types()
    {
        if (!spot.TryGet("type", out var type))
            return [];

        var names = (type.Element.ValueKind == JsonValueKind.Array ? type.Items().Select(item => item.Element) : [type.Element])
            .Select(name => name.ValueKind == JsonValueKind.String ? name.GetString()! : name.GetRawText()).ToList();
        var unknown = names.Where(name => !TypeNames.Contains(name) && name != "file").ToList();
        foreach (var name in unknown)
            blocks.Add(new NotUnderstood(type.Place, $"type {name}", "There is no such type; values are not judged."));

        return unknown.Count > 0 ? [] : names;
    }

    /// <summary>A bound, and the exclusive one: until 3.0 the second is a boolean that changes the first, from 3.1 a number of its own.</summary>
    private (JsonElement? Inclusive, JsonElement? Exclusive) Bound(string name, string exclusiveName)
    {
        var bound = Of(name, JsonValueKind.Number);
        if (!spot.TryGet(exclusiveName, out var exclusive))
            return (bound, null);

        return exclusive.Element.ValueKind switch
        {
            JsonValueKind.Number => (bound, exclusive.Element),
            JsonValueKind.True => (null, bound),
            JsonValueKind.False => (bound, null),
            _ => (bound, Odd(exclusive)),
        };
    }

    private JsonElement? Of(string name, JsonValueKind kind)
    {
        if (!spot.TryGet(name, out var value))
            return null;

        return value.Element.ValueKind == kind ? value.Element : Odd(value);
    }

    private JsonElement? Odd(Spot value)
    {
        notes.Add(new NotUnderstood(value.Place, value.Pointer[(value.Pointer.LastIndexOf('/') + 1)..], $"The keyword cannot be {JsonKind.Name(value.Element.ValueKind)}; it is ignored."));
        return null;
    }

    private int? Count(string name) => Of(name, JsonValueKind.Number) is { } number ? number.TryGetInt32(out var count) ? Math.Max(0, count) : int.MaxValue : null;

    private SchemaPattern? Pattern(Spot place, string text)
    {
        try
        {
            return SchemaPattern.Compile(text);
        }
        catch (ArgumentException)
        {
            blocks.Add(new NotUnderstood(place.Place, "pattern", "The regular expression is not understood; texts are not judged by it."));
            return null;
        }
    }

    private Dictionary<string, Spot> Map(string name)
    {
        var map = new Dictionary<string, Spot>();
        if (spot.TryGet(name, out var members))
        {
            if (!members.IsObject)
                Odd(members);

            foreach (var (key, member) in members.Members())
                map[key] = member;
        }

        return map;
    }

    private List<Spot> Schemas(string name)
    {
        if (!spot.TryGet(name, out var list))
            return [];

        if (list.Element.ValueKind != JsonValueKind.Array)
            Odd(list);

        return [.. list.Items()];
    }

    private List<string> Names(string name)
    {
        // "required: true" belongs to a Swagger 2.0 parameter, and elsewhere to no one.
        if (!spot.TryGet(name, out var list))
            return [];

        if (list.Element.ValueKind != JsonValueKind.Array && spot.Text("in") is null)
            Odd(list);

        return Names(list);
    }

    private static List<string> Names(Spot list) => [.. list.Items().Where(item => item.Element.ValueKind == JsonValueKind.String).Select(item => item.Element.GetString()!)];

    private OtherNames Others(string name) => spot.Get(name)?.Element.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.Object => OtherNames.Allowed,
        JsonValueKind.False => OtherNames.Forbidden,
        _ => OtherNames.Unsaid,
    };

    private Discriminator? ReadDiscriminator()
    {
        if (!spot.TryGet("discriminator", out var discriminator))
            return null;

        // In Swagger 2.0 it is the property's name alone.
        var property = discriminator.Text("propertyName") ?? (discriminator.Element.ValueKind == JsonValueKind.String ? discriminator.Element.GetString() : null);
        if (property is null)
        {
            Odd(discriminator);
            return null;
        }

        var mapping = discriminator.Get("mapping")?.Members().Where(member => member.Spot.Element.ValueKind == JsonValueKind.String)
            .ToDictionary(member => member.Name, member => member.Spot.Element.GetString()!);
        return new Discriminator(property, mapping ?? []);
    }
}
