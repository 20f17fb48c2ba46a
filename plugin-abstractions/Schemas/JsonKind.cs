using System.Text.Json;

namespace IntegrationHub.Schemas;

/// <summary>What JSON's kinds are called in sentences.</summary>
internal static class JsonKind
{
    /// <summary>With its article.</summary>
    public static string Name(JsonValueKind kind) => kind switch
    {
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.Null => "null",
        _ => "nothing",
    };

    /// <summary>A schema type's name with its article.</summary>
    public static string Name(string type) => type switch
    {
        "null" => "null",
        "integer" => "a whole number",
        "object" or "array" => "an " + type,
        _ => "a " + type,
    };
}
