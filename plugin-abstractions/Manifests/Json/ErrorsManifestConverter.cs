using System.Text.Json;
using System.Text.Json.Serialization;
using IntegrationHub.Adapters;

namespace IntegrationHub.Manifests.Json;

/// <summary>The categories stand beside <c>code</c> and <c>message</c>. Codes may be written as numbers; they are compared as text.</summary>
internal sealed class ErrorsManifestConverter : JsonConverter<ErrorsManifest>
{
    private static readonly OneOrManyConverter<string> Pointers = new();

    public override ErrorsManifest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        IReadOnlyList<string> code = [], message = [];
        var categories = new Dictionary<ErrorCategory, IReadOnlyList<string>>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (name == "code")
                code = Pointers.Read(ref reader, typeof(IReadOnlyList<string>), options);
            else if (name == "message")
                message = Pointers.Read(ref reader, typeof(IReadOnlyList<string>), options);
            else if (name.StartsWith("x-", StringComparison.Ordinal))
                reader.Skip();
            else
                categories[Category(name)] = Codes(JsonElement.ParseValue(ref reader));
        }

        return new ErrorsManifest { Code = code, Message = message, Categories = categories };
    }

    public override void Write(Utf8JsonWriter writer, ErrorsManifest value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WritePropertyName("code");
        Pointers.Write(writer, value.Code, options);
        writer.WritePropertyName("message");
        Pointers.Write(writer, value.Message, options);
        foreach (var (category, codes) in value.Categories)
        {
            writer.WritePropertyName(JsonNamingPolicy.CamelCase.ConvertName(category.ToString()));
            JsonSerializer.Serialize(writer, codes, options);
        }

        writer.WriteEndObject();
    }

    private static ErrorCategory Category(string name) =>
        Enum.TryParse<ErrorCategory>(name, ignoreCase: true, out var category) ? category : throw new JsonException($"Unknown error category \"{name}\".");

    private static List<string> Codes(JsonElement codes) =>
        codes.EnumerateArray().Select(code => code.ValueKind == JsonValueKind.String ? code.GetString()! : code.GetRawText()).ToList();
}
