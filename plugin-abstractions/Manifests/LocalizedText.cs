using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IntegrationHub.Manifests;

/// <summary>A text that people read: one string, or one per language. Immutable.</summary>
[JsonConverter(typeof(LocalizedTextConverter))]
public sealed class LocalizedText
{
    private readonly Dictionary<string, string> byLanguage;

    /// <summary>A text in one language, taken as English.</summary>
    public LocalizedText(string text)
        : this(new Dictionary<string, string> { ["en"] = text })
    {
    }

    /// <summary>A text by BCP 47 language tag.</summary>
    public LocalizedText(IReadOnlyDictionary<string, string> byLanguage)
    {
        ArgumentNullException.ThrowIfNull(byLanguage);
        this.byLanguage = new Dictionary<string, string>(byLanguage, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The texts by language tag.</summary>
    public IReadOnlyDictionary<string, string> ByLanguage => byLanguage;

    /// <summary>The text in the wanted language, else in its parent, else in English, else in any.</summary>
    public string In(string language)
    {
        for (var tag = language; !string.IsNullOrEmpty(tag); tag = tag.Contains('-', StringComparison.Ordinal) ? tag[..tag.LastIndexOf('-')] : "")
            if (byLanguage.TryGetValue(tag, out var text))
                return text;

        return byLanguage.TryGetValue("en", out var english) ? english : byLanguage.Values.FirstOrDefault() ?? "";
    }

    /// <summary>The text in the current UI culture.</summary>
    public override string ToString() => In(CultureInfo.CurrentUICulture.Name);
}

internal sealed class LocalizedTextConverter : JsonConverter<LocalizedText>
{
    public override LocalizedText Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
            return new LocalizedText(reader.GetString()!);

        if (reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("A text is a string or an object of texts by language.");

        var texts = new Dictionary<string, string>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var language = reader.GetString()!;
            reader.Read();
            texts[language] = reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new JsonException("A text by language is a string.");
        }

        return new LocalizedText(texts);
    }

    public override void Write(Utf8JsonWriter writer, LocalizedText value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach (var (language, text) in value.ByLanguage)
            writer.WriteString(language, text);

        writer.WriteEndObject();
    }
}
