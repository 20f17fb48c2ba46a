using System.Text.Json;
using System.Text.Json.Nodes;

namespace IntegrationHub.Templates;

/// <summary>What a placeholder holds on its way through the pipes: nothing, a JSON element, or a text that need not become an element.</summary>
internal readonly struct TemplateValue
{
    private readonly JsonElement element;
    private readonly string? text;

    public TemplateValue(JsonElement element) => this.element = element;

    public TemplateValue(string text) => this.text = text;

    public static TemplateValue Missing => default;

    public bool IsMissing => text is null && element.ValueKind == JsonValueKind.Undefined;

    public bool IsMissingOrNull => text is null && element.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null;

    public JsonValueKind Kind => text is not null ? JsonValueKind.String : element.ValueKind;

    /// <summary>The element; only for kinds other than text.</summary>
    public JsonElement Element => text is not null ? JsonText.ToElement(text) : element;

    public string? ToText() => text ?? JsonText.ToText(element);

    public JsonNode? ToNode() => text is not null ? JsonValue.Create(text) : JsonText.ToNode(element);

    public static TemplateValue Number(string digits) => new(JsonElement.Parse(digits));

    public static TemplateValue Boolean(bool value) => new(JsonElement.Parse(value ? "true" : "false"));
}
