using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IntegrationHub.Templates;

internal abstract class TemplateNode
{
    /// <summary>Renders; <see langword="false"/> when it is to be dropped.</summary>
    public abstract bool TryRender(ITemplateScope scope, out JsonNode? node);

    /// <summary>What stands for the outermost node when all of it was dropped.</summary>
    public virtual JsonNode? Empty() => null;
}

/// <summary>A value without placeholders.</summary>
internal sealed class TemplateConstant(JsonElement value) : TemplateNode
{
    public override bool TryRender(ITemplateScope scope, out JsonNode? node)
    {
        node = JsonText.ToNode(value);
        return true;
    }
}

internal sealed class TemplateObject(IReadOnlyList<KeyValuePair<string, TemplateNode>> members) : TemplateNode
{
    public override bool TryRender(ITemplateScope scope, out JsonNode? node)
    {
        var result = new JsonObject();
        foreach (var (name, member) in members)
            if (member.TryRender(scope, out var value))
                result[name] = value;

        node = result;
        return result.Count > 0 || members.Count == 0;
    }

    public override JsonNode Empty() => new JsonObject();
}

internal sealed class TemplateArray(IReadOnlyList<TemplateNode> items) : TemplateNode
{
    public override bool TryRender(ITemplateScope scope, out JsonNode? node)
    {
        var result = new JsonArray();
        foreach (var item in items)
            if (item.TryRender(scope, out var value))
                result.Add(value);

        node = result;
        return result.Count > 0 || items.Count == 0;
    }

    public override JsonNode Empty() => new JsonArray();
}

/// <summary>One rendered item for each element of an array; a single value counts as an array of one.</summary>
internal sealed class TemplateEach(TemplateNode source, TemplateNode item) : TemplateNode
{
    /// <summary>The root under which the item's template finds the element.</summary>
    public const string Root = "item";

    public override bool TryRender(ITemplateScope scope, out JsonNode? node)
    {
        node = null;
        if (!source.TryRender(scope, out var list) || list is null)
            return false;

        var result = new JsonArray();
        foreach (var element in list is JsonArray array ? array : [list])
            if (item.TryRender(new ItemScope(scope, JsonText.ToElement(element ?? JsonValue.Create<string?>(null)!)), out var rendered))
                result.Add(rendered);

        node = result;
        return true;
    }

    private sealed class ItemScope(ITemplateScope outer, JsonElement element) : ITemplateScope
    {
        public bool TryGetRoot(string name, out JsonElement value)
        {
            value = element;
            return name == Root || outer.TryGetRoot(name, out value);
        }
    }
}

/// <summary>A string: literal text, placeholders, or both.</summary>
internal sealed class TemplateText(IReadOnlyList<TemplatePart> parts) : TemplateNode
{
    public override bool TryRender(ITemplateScope scope, out JsonNode? node)
    {
        node = null;
        if (parts is [{ Placeholder: { } whole }])
        {
            var value = whole.Evaluate(scope);
            if (value.IsMissing)
                return false;

            node = value.ToNode();
            return true;
        }

        if (RenderText(scope, encode: null) is not { } text)
            return false;

        node = JsonValue.Create(text);
        return true;
    }

    public string? RenderText(ITemplateScope scope, Func<string?, TemplatePlaceholder, string?>? encode)
    {
        if (parts is [var single])
            return Render(single, scope, encode);

        var builder = new StringBuilder();
        foreach (var part in parts)
        {
            if (Render(part, scope, encode) is not { } text)
                return null;

            builder.Append(text);
        }

        return builder.ToString();
    }

    private static string? Render(TemplatePart part, ITemplateScope scope, Func<string?, TemplatePlaceholder, string?>? encode)
    {
        if (part.Placeholder is not { } placeholder)
            return part.Literal;

        var text = placeholder.Evaluate(scope).ToText();
        return encode is null ? text : encode(text, placeholder);
    }
}

/// <summary>Literal text or a placeholder.</summary>
internal readonly record struct TemplatePart(string? Literal, TemplatePlaceholder? Placeholder);

/// <summary>One placeholder: a reference and the pipes its value goes through.</summary>
internal sealed class TemplatePlaceholder(TemplateReference reference, IReadOnlyList<TemplatePipe> pipes, bool isUrlEncoded)
{
    /// <summary>Whether the last pipe percent-encoded the text already.</summary>
    public bool IsUrlEncoded { get; } = isUrlEncoded;

    public TemplateReference Reference { get; } = reference;

    public TemplateValue Evaluate(ITemplateScope scope)
    {
        var value = Reference.TryResolve(scope, out var element) ? new TemplateValue(element) : TemplateValue.Missing;
        foreach (var pipe in pipes)
            value = pipe(value, scope);

        return value;
    }
}

/// <summary>One compiled step. Gets missing values too: only <c>default</c> makes something of them.</summary>
internal delegate TemplateValue TemplatePipe(TemplateValue value, ITemplateScope scope);
