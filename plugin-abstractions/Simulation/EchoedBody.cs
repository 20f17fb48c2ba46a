using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using IntegrationHub.Templates;

namespace IntegrationHub.Simulation;

/// <summary>A simulated body that repeats what was sent, as a provider does that stores it.</summary>
internal static class EchoedBody
{
    public static JsonElement Of(JsonElement body, IReadOnlyDictionary<string, JsonElement> echo, JsonElement parameters)
    {
        var scope = new TemplateScope().Set("params", parameters);
        var root = JsonNode.Parse(body.GetRawText());
        foreach (var (pointer, template) in echo)
            if (root is not null && Rendered(template, scope) is { } value)
                Replace(root, pointer, value);

        return JsonElement.Parse(JsonSerializer.SerializeToUtf8Bytes(root));
    }

    /// <summary>Callers of a simulator send what they like: what does not fit is not repeated.</summary>
    private static JsonNode? Rendered(JsonElement template, TemplateScope scope)
    {
        try
        {
            return Template.Compile(template).TryRender(scope, out var value) ? value?.DeepClone() : null;
        }
        catch (TemplateException)
        {
            return null;
        }
    }

    private static void Replace(JsonNode root, string pointer, JsonNode value)
    {
        var tokens = pointer.Split('/')[1..].Select(token => token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)).ToArray();
        var parent = tokens[..^1].Aggregate<string, JsonNode?>(root, (at, token) => at is null ? null : Child(at, token));
        if (parent is JsonObject members && members.ContainsKey(tokens[^1]))
            members[tokens[^1]] = value;
        else if (parent is JsonArray items && Index(items, tokens[^1]) is { } index)
            items[index] = value;
    }

    private static JsonNode? Child(JsonNode at, string token) => at switch
    {
        JsonObject members => members[token],
        JsonArray items when Index(items, token) is { } index => items[index],
        _ => null,
    };

    private static int? Index(JsonArray items, string token) =>
        token == "-1" ? (items.Count > 0 ? items.Count - 1 : null)
        : int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < items.Count ? index : null;
}
