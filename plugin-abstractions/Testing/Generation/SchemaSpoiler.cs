using System.Text.Json;
using System.Text.Json.Nodes;

namespace IntegrationHub.Testing.Generation;

/// <summary>A value that a schema must refuse, and why.</summary>
internal sealed record SpoiledValue(JsonElement Value, string Why);

/// <summary>
/// Spoils valid values: each in one place, by a keyword that stands there in the schema and therefore must refuse it. Only places that are reached by <c>properties</c> and
/// <c>items</c> alone are spoiled: what stands in an alternative might be allowed by another.
/// </summary>
internal static class SchemaSpoiler
{
    public static IEnumerable<SpoiledValue> Spoil(JsonElement schema, JsonElement valid)
    {
        foreach (var other in (string[])["[]", "\"text\"", "null", "1"])
            yield return new SpoiledValue(JsonElement.Parse(other), $"{other} in place of the parameters");

        foreach (var spoiled in At(schema, JsonNode.Parse(valid.GetRawText())!, [], 0))
            yield return spoiled;
    }

    private static IEnumerable<SpoiledValue> At(JsonElement schema, JsonNode whole, string[] path, int depth)
    {
        if (schema.ValueKind != JsonValueKind.Object || schema.TryGetProperty("$ref", out _) || depth > 4 || Find(whole, path) is not { } here)
            yield break;

        if (here is JsonObject members)
        {
            foreach (var required in Names(schema, "required").Where(members.ContainsKey))
                yield return Changed(whole, path, $"'{required}' missing", target => ((JsonObject)target).Remove(required));

            if (schema.TryGetProperty("additionalProperties", out var additional) && additional.ValueKind == JsonValueKind.False && !schema.TryGetProperty("patternProperties", out _))
                yield return Changed(whole, path, "a key that does not exist", target => ((JsonObject)target)["x_unknown_ключ"] = 1);

            if (schema.TryGetProperty("properties", out var properties))
                foreach (var property in properties.EnumerateObject().Where(property => members.ContainsKey(property.Name)))
                {
                    foreach (var wrong in Wrong(property.Value))
                        yield return Changed(whole, path, $"'{property.Name}': {wrong.Why}", target => ((JsonObject)target)[property.Name] = wrong.Value?.DeepClone());

                    foreach (var inner in At(property.Value, whole, [.. path, property.Name], depth + 1))
                        yield return inner;
                }
        }
        else if (here is JsonArray { Count: > 0 } && schema.TryGetProperty("items", out var items) && items.ValueKind == JsonValueKind.Object)
        {
            foreach (var wrong in Wrong(items))
                yield return Changed(whole, path, $"an item of '{path[^1]}': {wrong.Why}", target => ((JsonArray)target)[0] = wrong.Value?.DeepClone());

            foreach (var inner in At(items, whole, [.. path, "0"], depth + 1))
                yield return inner;
        }
    }

    private static IEnumerable<(JsonNode? Value, string Why)> Wrong(JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object || schema.TryGetProperty("$ref", out _))
            yield break;

        var types = schema.TryGetProperty("type", out var type) ? type.ValueKind == JsonValueKind.String ? [type.GetString()!] : Texts(type) : null;
        if (types is not null)
        {
            foreach (var (name, sample) in Samples())
                if (!types.Contains(name) && !(name == "integer" && types.Contains("number")))
                    yield return (sample, $"{name} in place of {string.Join(" or ", types)}");
        }

        if (schema.TryGetProperty("enum", out _))
            yield return (JsonValue.Create("no such value ￼"), "a value that is not allowed");

        if (types is ["string"])
        {
            if (Number(schema, "minLength") is > 0 and var least)
                yield return (JsonValue.Create(new string('x', (int)Math.Min(least - 1, 10_000))), "a text that is too short");

            if (Number(schema, "maxLength") is < 100_000 and var most)
                yield return (JsonValue.Create(new string('x', (int)most + 1)), "a text that is too long");
        }

        if (types is ["integer"] or ["number"])
        {
            if (Number(schema, "minimum") is { } least)
                yield return (JsonValue.Create(least - 1), "a number that is too small");

            if (Number(schema, "maximum") is { } most and < long.MaxValue)
                yield return (JsonValue.Create(most + 1), "a number that is too big");
        }

        if (types is ["integer"])
            yield return (JsonValue.Create(1.5), "a fraction in place of a whole number");
    }

    private static IEnumerable<(string Type, JsonNode? Value)> Samples() =>
        [("string", "text"), ("integer", 7), ("boolean", true), ("array", new JsonArray()), ("object", new JsonObject()), ("null", null)];

    private static SpoiledValue Changed(JsonNode whole, string[] path, string why, Action<JsonNode> change)
    {
        var copy = whole.DeepClone();
        change(Find(copy, path)!);
        return new SpoiledValue(SchemaSampler.ToElement(copy), path.Length == 0 ? why : $"{why} (below /{string.Join('/', path)})");
    }

    private static JsonNode? Find(JsonNode whole, string[] path)
    {
        JsonNode? found = whole;
        foreach (var name in path)
            found = found is JsonArray array ? array[0] : (found as JsonObject)?[name];

        return found;
    }

    private static List<string> Names(JsonElement schema, string keyword) => schema.TryGetProperty(keyword, out var names) ? Texts(names) : [];

    private static List<string> Texts(JsonElement array) => [.. array.EnumerateArray().Select(item => item.GetString()!)];

    private static long? Number(JsonElement schema, string keyword) =>
        schema.TryGetProperty(keyword, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;
}
