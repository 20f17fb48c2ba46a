using System.Text;
using System.Text.Json;

namespace IntegrationHub.Templates;

/// <summary>Turns template text and JSON into nodes.</summary>
internal static class TemplateParser
{
    public static TemplateNode Parse(JsonElement template, TemplateReferences references)
    {
        switch (template.ValueKind)
        {
            case JsonValueKind.Object when IsEach(template, out var source, out var item):
                var within = new TemplateReferences();
                var each = new TemplateEach(Parse(source, references), Parse(item, within));
                references.All.AddRange(within.All.Where(reference => reference.Root != TemplateEach.Root));
                return each;

            case JsonValueKind.Object:
                var members = new List<KeyValuePair<string, TemplateNode>>();
                foreach (var property in template.EnumerateObject())
                    members.Add(new(JsonMembers.NameOf(property) ?? throw NoText(), Parse(property.Value, references)));

                return new TemplateObject(members);

            case JsonValueKind.Array:
                return new TemplateArray([.. template.EnumerateArray().Select(item => Parse(item, references))]);

            case JsonValueKind.String:
                return Parse(JsonMembers.IsText(template) ? template.GetString()! : throw NoText(), references);

            case JsonValueKind.Undefined:
                throw new TemplateException("There is no template.");

            default:
                return new TemplateConstant(template.Clone());
        }
    }

    /// <summary>Whether an object is <c>{ "$each": …, "$item": … }</c>. With any other key it is an object like others.</summary>
    public static bool IsEach(JsonElement template, out JsonElement source, out JsonElement item)
    {
        item = default;
        return template.TryGetMember("$each", out source) && template.TryGetMember("$item", out item) && template.EnumerateObject().Count() == 2;
    }

    public static TemplateText Parse(string template, TemplateReferences references)
    {
        // Half a surrogate pair can neither be written as JSON nor sent.
        if (!JsonMembers.IsText(template))
            throw NoText();

        var parts = new List<TemplatePart>();
        var literal = new StringBuilder();
        var escaped = 0;
        for (var i = 0; i < template.Length; i++)
        {
            var c = template[i];
            var next = i + 1 < template.Length ? template[i + 1] : '\0';
            if (c == '{' && next == '{')
            {
                escaped++;
                literal.Append('{');
                i++;
            }
            else if (c == '}' && next == '}' && escaped > 0)
            {
                escaped--;
                literal.Append('}');
                i++;
            }
            else if (c == '{' && (char.IsAsciiLetter(next) || next is '_' or '/'))
            {
                var end = template.IndexOf('}', i);
                if (end < 0)
                    throw new TemplateException($"\"{template[i..]}\" has no closing brace; a literal brace before a letter is written \"{{{{\".");

                if (literal.Length > 0)
                    parts.Add(new(literal.ToString(), null));

                literal.Clear();
                parts.Add(new(null, ParsePlaceholder(template[(i + 1)..end], references)));
                i = end;
            }
            else
            {
                literal.Append(c);
            }
        }

        if (literal.Length > 0 || parts.Count == 0)
            parts.Add(new(literal.ToString(), null));

        return new TemplateText(parts);
    }

    private static TemplateException NoText() => new("The template contains an incomplete Unicode character.");

    private static TemplatePlaceholder ParsePlaceholder(string source, TemplateReferences references)
    {
        var pieces = source.Split('|');
        var reference = TemplateReference.Parse(pieces[0])
            ?? throw new TemplateException($"\"{{{source}}}\" is no placeholder: it is written {{root.name}} or {{/json/pointer}}; a literal brace before a letter is written \"{{{{\".");
        references.All.Add((reference.Root, reference.Path));

        var pipes = new List<TemplatePipe>();
        var last = "";
        var optional = false;
        foreach (var piece in pieces[1..])
        {
            var colon = piece.IndexOf(':', StringComparison.Ordinal);
            last = colon < 0 ? piece : piece[..colon];
            pipes.Add(TemplatePipes.Compile(last, colon < 0 ? null : piece[(colon + 1)..], source, references.All));
            optional |= last == "default";
        }

        if (!optional)
            references.Required.Add((reference.Root, reference.Path));

        return new TemplatePlaceholder(reference, pipes, last is "path" or "urlencode");
    }
}

/// <summary>What a template refers to: everything, and that without which something is left out.</summary>
internal sealed class TemplateReferences
{
    public List<(string Root, string Path)> All { get; } = [];

    public List<(string Root, string Path)> Required { get; } = [];
}
