using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Schemas;

namespace IntegrationHub.Testing.Generation;

/// <summary>How much of a schema a made-up value uses.</summary>
internal enum SampleKind
{
    /// <summary>What is required, as short as may be.</summary>
    Minimal,

    /// <summary>Everything there is.</summary>
    Full,

    /// <summary>Whatever the dice say, boundaries preferred.</summary>
    Random,

    /// <summary>As <see cref="Random"/>, with odd texts wherever a text is free.</summary>
    Odd,
}

/// <summary>Makes up values that a schema allows. Deterministic for a seed. Not thread-safe.</summary>
internal sealed partial class SchemaSampler
{
    private const int Tries = 60;
    private const int Deepest = 6;
    private readonly JsonElement root;
    private readonly SchemaValidator validator;
    private readonly Random random;

    /// <exception cref="ArgumentException">The schema is faulty.</exception>
    public SchemaSampler(JsonElement schema, int seed)
    {
        root = schema;
        validator = SchemaValidator.Compile(schema);
        random = new Random(seed);
    }

    public SchemaValidator Validator => validator;

    /// <summary>A value that the schema allows; <see langword="null"/> when none was found.</summary>
    public JsonElement? Sample(SampleKind kind)
    {
        for (var i = 0; i < Tries; i++)
        {
            // What uses everything may contradict itself (alternatives, "not"): then less of it is tried.
            var now = kind == SampleKind.Full && i >= Tries / 4 || kind == SampleKind.Minimal && i >= Tries / 2 ? SampleKind.Random : kind;
            var value = ToElement(Make(root, now, 0));
            if (validator.Validate(value).Count == 0)
                return value;
        }

        return Examples().Cast<JsonElement?>().FirstOrDefault();
    }

    /// <summary>The schema's own <c>examples</c> that it allows.</summary>
    public IEnumerable<JsonElement> Examples() =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty("examples", out var examples) && examples.ValueKind == JsonValueKind.Array
            ? examples.EnumerateArray().Where(example => validator.Validate(example).Count == 0)
            : [];

    public static JsonElement ToElement(JsonNode? node) => JsonElement.Parse(JsonSerializer.SerializeToUtf8Bytes(node));

    private JsonNode? Make(JsonElement schema, SampleKind kind, int depth)
    {
        if (schema.ValueKind != JsonValueKind.Object)
            return JsonValue.Create("any");

        if (schema.TryGetProperty("$ref", out var reference))
            return Make(Resolve(reference.GetString()!), depth > Deepest ? SampleKind.Minimal : kind, depth + 1);

        if (depth > Deepest && kind is not SampleKind.Minimal)
            kind = SampleKind.Minimal;

        var flat = Flatten(schema);
        if (flat.TryGetPropertyValue("enum", out var allowed) && allowed is JsonArray values)
            return values[kind is SampleKind.Minimal or SampleKind.Full ? 0 : random.Next(values.Count)]?.DeepClone();

        if (kind is SampleKind.Full && flat["examples"] is JsonArray { Count: > 0 } examples && depth > 0)
            return examples[0]?.DeepClone();

        return TypeOf(flat, kind) switch
        {
            "object" => MakeObject(flat, kind, depth),
            "array" => MakeArray(flat, kind, depth),
            "integer" => JsonValue.Create((long)MakeNumber(flat, kind, whole: true)),
            "number" => JsonValue.Create(MakeNumber(flat, kind, whole: false)),
            "boolean" => JsonValue.Create(kind is SampleKind.Full || random.Next(2) == 0),
            "null" => null,
            _ => JsonValue.Create(MakeText(flat, kind)),
        };
    }

    /// <summary>One object of everything that judges the same value: <c>allOf</c> laid together, one of <c>anyOf</c> and <c>oneOf</c> chosen.</summary>
    private JsonObject Flatten(JsonElement schema)
    {
        var flat = new JsonObject();
        Lay(schema, flat, 0);
        return flat;
    }

    private void Lay(JsonElement schema, JsonObject over, int depth)
    {
        if (schema.ValueKind != JsonValueKind.Object || depth > 8)
            return;

        if (schema.TryGetProperty("$ref", out var reference))
        {
            Lay(Resolve(reference.GetString()!), over, depth + 1);
            return;
        }

        foreach (var keyword in schema.EnumerateObject())
        {
            switch (keyword.Name)
            {
                case "allOf":
                    foreach (var part in keyword.Value.EnumerateArray())
                        Lay(part, over, depth + 1);

                    break;
                case "anyOf" or "oneOf":
                    Lay(keyword.Value[random.Next(keyword.Value.GetArrayLength())], over, depth + 1);
                    break;
                case "properties" when over["properties"] is JsonObject known:
                    foreach (var property in keyword.Value.EnumerateObject())
                        known[property.Name] = JsonNode.Parse(property.Value.GetRawText());

                    break;
                case "required" when over["required"] is JsonArray known:
                    foreach (var name in keyword.Value.EnumerateArray())
                        known.Add(JsonNode.Parse(name.GetRawText()));

                    break;
                default:
                    over[keyword.Name] = JsonNode.Parse(keyword.Value.GetRawText());
                    break;
            }
        }
    }

    private JsonElement Resolve(string reference)
    {
        var found = root;
        foreach (var token in Uri.UnescapeDataString(reference.TrimStart('#')).Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var name = token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            found = found.ValueKind == JsonValueKind.Array ? found[int.Parse(name, CultureInfo.InvariantCulture)] : found.GetProperty(name);
        }

        return found;
    }

    private string TypeOf(JsonObject schema, SampleKind kind)
    {
        switch (schema["type"])
        {
            case JsonArray { Count: > 0 } types:
                var names = types.Select(type => type!.GetValue<string>()).Where(name => name != "null" || kind is SampleKind.Random or SampleKind.Odd).ToList();
                return names.Count == 0 ? "null" : names[kind is SampleKind.Random or SampleKind.Odd ? random.Next(names.Count) : 0];
            case JsonValue type:
                return type.GetValue<string>();
            default:
                return schema.ContainsKey("properties") || schema.ContainsKey("additionalProperties") || schema.ContainsKey("required") ? "object"
                    : schema.ContainsKey("items") ? "array"
                    : schema.ContainsKey("minimum") || schema.ContainsKey("maximum") ? "integer"
                    : "string";
        }
    }

    private JsonObject MakeObject(JsonObject schema, SampleKind kind, int depth)
    {
        var made = new JsonObject();
        var required = (schema["required"] as JsonArray ?? []).Select(name => name!.GetValue<string>()).ToHashSet(StringComparer.Ordinal);
        var properties = schema["properties"] as JsonObject ?? [];
        foreach (var (name, child) in properties)
            if (required.Contains(name) || kind is SampleKind.Full || kind is SampleKind.Random && random.Next(2) == 0 || kind is SampleKind.Odd && random.Next(4) > 0)
                if (child is not JsonValue value || value.GetValue<bool>())
                    made[name] = Make(AsSchema(child), kind, depth + 1);

        foreach (var name in required.Where(name => !made.ContainsKey(name)))
            made[name] = JsonValue.Create("any");

        if (schema["additionalProperties"] is JsonObject additional && (kind is SampleKind.Full || Least(schema, "minProperties") > made.Count))
            for (var i = 1; i <= Math.Max(1, Least(schema, "minProperties") - made.Count); i++)
                made.TryAdd($"key{i}", Make(AsSchema(additional), kind, depth + 1));

        // Something must be there, and nothing is required: the first there is.
        foreach (var (name, child) in properties.Where(pair => !made.ContainsKey(pair.Key)).Take(Math.Max(0, Least(schema, "minProperties") - made.Count)))
            made[name] = Make(AsSchema(child), kind, depth + 1);

        return made;
    }

    private JsonArray MakeArray(JsonObject schema, SampleKind kind, int depth)
    {
        var made = new JsonArray();
        if (schema["items"] is JsonArray tuple)
        {
            foreach (var item in tuple)
                made.Add(Make(AsSchema(item), kind, depth + 1));

            return made;
        }

        var least = Least(schema, "minItems");
        var most = (int)Math.Min(schema["maxItems"]?.GetValue<long>() ?? 1000, 1000);
        var count = kind switch { SampleKind.Minimal => least, SampleKind.Full => Math.Max(least, 1), _ => Math.Min(most, least + random.Next(3)) };
        var known = new HashSet<string>(StringComparer.Ordinal);
        for (var tries = 0; made.Count < count && tries < count + 20; tries++)
        {
            var item = Make(AsSchema(schema["items"]), kind, depth + 1);
            if (known.Add(item?.ToJsonString() ?? "null") || schema["uniqueItems"]?.GetValue<bool>() != true)
                made.Add(item);
            else
                kind = SampleKind.Random;
        }

        return made;
    }

    private static int Least(JsonObject schema, string keyword) => (int)Math.Min(schema[keyword]?.GetValue<long>() ?? 0, 1000);

    private static JsonElement AsSchema(JsonNode? schema) => schema is null ? JsonElement.Parse("{}") : ToElement(schema);
}
