using System.Text.Json;
using System.Text.Json.Serialization;

namespace IntegrationHub.Manifests.Json;

/// <summary>Keys beside <c>baseUrl</c> and <c>require</c> are the environment's own values.</summary>
internal sealed class EnvironmentManifestConverter : JsonConverter<EnvironmentManifest>
{
    public override EnvironmentManifest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string? baseUrl = null;
        var require = new Dictionary<string, string>();
        var values = new Dictionary<string, string>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (name == "baseUrl")
                baseUrl = reader.GetString();
            else if (name == "require")
                require = JsonSerializer.Deserialize<Dictionary<string, string>>(ref reader, options)!;
            else if (name.StartsWith("x-", StringComparison.Ordinal))
                reader.Skip();
            else
                values[name] = reader.GetString()!;
        }

        return new EnvironmentManifest { BaseUrl = baseUrl, Require = require, Values = values };
    }

    public override void Write(Utf8JsonWriter writer, EnvironmentManifest value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        if (value.BaseUrl is not null)
            writer.WriteString("baseUrl", value.BaseUrl);

        if (value.Require.Count > 0)
        {
            writer.WritePropertyName("require");
            JsonSerializer.Serialize(writer, value.Require, options);
        }

        foreach (var (name, text) in value.Values)
            writer.WriteString(name, text);

        writer.WriteEndObject();
    }
}
