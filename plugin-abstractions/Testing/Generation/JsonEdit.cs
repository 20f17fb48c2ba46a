using System.Globalization;
using System.Text.Json.Nodes;

namespace IntegrationHub.Testing.Generation;

/// <summary>Puts values into JSON.</summary>
internal static class JsonEdit
{
    /// <summary>Sets what a pointer leads to, making objects and arrays on the way; does nothing where something else stands in the way.</summary>
    public static void Set(JsonNode root, string pointer, JsonNode? value)
    {
        var tokens = pointer.Split('/')[1..].Select(token => token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)).ToArray();
        var at = root;
        for (var i = 0; i < tokens.Length; i++)
        {
            var last = i == tokens.Length - 1;
            var next = last ? value : Child(at, tokens[i]) ?? (int.TryParse(tokens[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out _) ? new JsonArray() : new JsonObject());
            switch (at)
            {
                case JsonObject members:
                    if (!ReferenceEquals(members[tokens[i]], next) || last)
                        members[tokens[i]] = next;

                    break;
                case JsonArray items when int.TryParse(tokens[i], NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index <= items.Count:
                    if (index == items.Count)
                        items.Add(next);
                    else if (!ReferenceEquals(items[index], next))
                        items[index] = next;

                    break;
                default:
                    return;
            }

            at = next!;
        }
    }

    private static JsonNode? Child(JsonNode at, string token) => at switch
    {
        JsonObject members => members[token],
        JsonArray items when int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < items.Count => items[index],
        _ => null,
    };
}
