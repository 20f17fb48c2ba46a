using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IntegrationHub.Templates;

/// <summary>The pipes of the template language: few, fixed, and listed in <c>docs/templates.md</c>.</summary>
internal static partial class TemplatePipes
{
    /// <summary>Roots under which an argument is a reference rather than a literal.</summary>
    private static readonly FrozenSet<string> ReferenceRoots =
        new[] { "params", "config", "env", "auth", "result", "body", "header", "query", "status", "event", TemplateEach.Root }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, Definition> Known = new Dictionary<string, Definition>
    {
        ["lower"] = Text(text => text.ToLowerInvariant()),
        ["upper"] = Text(text => text.ToUpperInvariant()),
        ["trim"] = Text(text => text.Trim()),
        ["prefix"] = TextWith((text, argument) => argument + text),
        ["suffix"] = TextWith((text, argument) => text + argument),
        ["map"] = new(Argument.Required, Map),
        ["default"] = new(Argument.Required, Default),
        ["string"] = new(Argument.None, call => (value, _) => value.IsMissingOrNull ? value : new(TextOf(value, call, allowComposite: true))),
        ["number"] = new(Argument.None, call => (value, _) => Number(value, call)),
        ["bool"] = new(Argument.None, call => (value, _) => Boolean(value, call)),
        ["json"] = new(Argument.None, _ => (value, _) => value.IsMissing ? value : new(value.Kind == JsonValueKind.String ? JsonText.Compact(value.ToNode()) : JsonText.Compact(value.Element))),
        ["base64"] = Text(text => Convert.ToBase64String(Utf8(text))),
        ["base64url"] = Text(text => System.Buffers.Text.Base64Url.EncodeToString(Utf8(text))),
        ["xml"] = Text(text => System.Security.SecurityElement.Escape(text)!),
        ["urlencode"] = Text(Uri.EscapeDataString),
        ["path"] = Text(text => string.Join('/', text.Split('/').Select(Uri.EscapeDataString))),
        ["minor"] = new(Argument.Required, call => Money(call, toMinor: true)),
        ["major"] = new(Argument.Required, call => Money(call, toMinor: false)),
        ["iso"] = new(Argument.None, call => (value, _) => value.IsMissingOrNull ? value : Iso(Instant(value, call))),
        ["unix"] = new(Argument.None, call => (value, _) => value.IsMissingOrNull ? value : Digits(Instant(value, call).ToUnixTimeSeconds())),
        ["unixms"] = new(Argument.None, call => (value, _) => value.IsMissingOrNull ? value : Digits(Instant(value, call).ToUnixTimeMilliseconds())),
        ["split"] = new(Argument.Optional, Split),
        ["join"] = new(Argument.Optional, Join),
        ["first"] = new(Argument.None, call => (value, _) => Item(value, call, last: false)),
        ["last"] = new(Argument.None, call => (value, _) => Item(value, call, last: true)),
        ["array"] = new(Argument.None, _ => (value, _) => value.IsMissingOrNull || value.Kind == JsonValueKind.Array ? value : FromNode(new JsonArray(value.ToNode()))),
        ["pluck"] = new(Argument.Required, Pluck),
        ["wrap"] = new(Argument.Required, Wrap),
        ["with"] = new(Argument.Required, With),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private enum Argument
    {
        None,
        Optional,
        Required,
    }

    public static IEnumerable<string> Names => Known.Keys;

    public static TemplatePipe Compile(string name, string? argument, string source, List<(string, string)> references)
    {
        if (!Known.TryGetValue(name, out var definition))
            throw new TemplateException($"\"{name}\" in \"{{{source}}}\" is no pipe; the nearest is \"{Nearest(name)}\".");

        if (argument is null && definition.Argument == Argument.Required)
            throw new TemplateException($"\"{name}\" in \"{{{source}}}\" needs an argument: \"{name}:…\".");

        if (argument is not null && definition.Argument == Argument.None)
            throw new TemplateException($"\"{name}\" in \"{{{source}}}\" takes no argument.");

        return definition.Compile(new Call(name, argument ?? "", source, references));
    }

    private static Definition Text(Func<string, string> convert) =>
        new(Argument.None, call => (value, _) => value.IsMissingOrNull ? value : new(convert(TextOf(value, call))));

    private static Definition TextWith(Func<string, string, string> convert) =>
        new(Argument.Required, call => (value, _) => value.IsMissingOrNull ? value : new(convert(TextOf(value, call), call.Argument)));

    private static TemplatePipe Map(Call call)
    {
        var table = new Dictionary<string, string>(StringComparer.Ordinal);
        string? other = null;
        foreach (var entry in call.Argument.Split(','))
        {
            var equals = entry.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
                throw new TemplateException($"\"map\" in \"{{{call.Source}}}\" is written \"map:from=to,other=to,*=otherwise\".");

            var (from, to) = (entry[..equals], entry[(equals + 1)..]);
            if (from == "*")
                other = to;
            else
                table[from] = to;
        }

        return (value, _) =>
        {
            if (value.IsMissingOrNull)
                return value;

            if (table.TryGetValue(TextOf(value, call), out var to))
                return new(to);

            return other switch { null => TemplateValue.Missing, "*" => value, _ => new(other) };
        };
    }

    private static TemplatePipe Default(Call call)
    {
        if (call.ArgumentAsReference() is { } reference)
            return (value, scope) => !value.IsMissingOrNull ? value : reference.TryResolve(scope, out var element) ? new(element) : TemplateValue.Missing;

        // 10, true, null, [] and "10" mean what they mean in JSON; anything else is text as it stands.
        TemplateValue fallback;
        try
        {
            fallback = new(JsonElement.Parse(call.Argument));
        }
        catch (JsonException)
        {
            fallback = new(call.Argument);
        }

        return (value, _) => value.IsMissingOrNull ? fallback : value;
    }

    private static TemplatePipe Split(Call call) => (value, _) =>
    {
        if (value.IsMissingOrNull || value.Kind == JsonValueKind.Array)
            return value;

        var text = TextOf(value, call);
        var separator = call.Argument.Length == 0 ? "," : call.Argument;
        return FromNode(new JsonArray([.. text.Split(separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(item => JsonValue.Create(item))]));
    };

    private static TemplatePipe Join(Call call) => (value, _) =>
    {
        if (value.IsMissingOrNull)
            return value;

        if (value.Kind != JsonValueKind.Array)
            return new(TextOf(value, call));

        return new(string.Join(call.Argument.Length == 0 ? "," : call.Argument, value.Element.EnumerateArray().Select(item => TextOf(new(item), call))));
    };

    private static TemplatePipe Pluck(Call call) => (value, _) =>
    {
        if (value.IsMissingOrNull)
            return value;

        if (value.Kind != JsonValueKind.Array)
            throw call.Failure("needs an array");

        var result = new JsonArray();
        foreach (var item in value.Element.EnumerateArray())
            if (item.ValueKind == JsonValueKind.Object && item.TryGetMember(call.Argument, out var property))
                result.Add(JsonText.ToNode(property));

        return FromNode(result);
    };

    private static TemplatePipe Wrap(Call call) => (value, _) =>
    {
        if (value.IsMissingOrNull)
            return value;

        if (value.Kind != JsonValueKind.Array)
            return FromNode(new JsonObject { [call.Argument] = value.ToNode() });

        return FromNode(new JsonArray([.. value.Element.EnumerateArray().Select(item => new JsonObject { [call.Argument] = JsonText.ToNode(item) })]));
    };

    private static TemplatePipe With(Call call)
    {
        var equals = call.Argument.IndexOf('=', StringComparison.Ordinal);
        if (equals < 1 || call.AsReference(call.Argument[(equals + 1)..]) is not { } reference)
            throw call.Failure("is written \"with:name=params.x\"");

        var name = call.Argument[..equals];
        return (value, scope) =>
        {
            if (!reference.TryResolve(scope, out var added) || added.ValueKind == JsonValueKind.Null)
                return value;

            if (!value.IsMissingOrNull && value.Kind != JsonValueKind.Object)
                throw call.Failure("needs an object");

            // Member by member: of those with the same name the last counts, where the framework's own node would throw.
            var result = new JsonObject();
            if (!value.IsMissingOrNull)
                foreach (var member in value.Element.EnumerateObject())
                    result[JsonMembers.NameOf(member) ?? throw call.Failure("needs an object whose names are text")] = JsonText.ToNode(member.Value);

            result[name] = JsonText.ToNode(added);
            return FromNode(result);
        };
    }

    private static TemplateValue Item(TemplateValue value, Call call, bool last)
    {
        if (value.IsMissingOrNull)
            return value;

        if (value.Kind != JsonValueKind.Array)
            throw call.Failure("needs an array");

        var array = value.Element;
        var length = array.GetArrayLength();
        return length == 0 ? TemplateValue.Missing : new(array[last ? length - 1 : 0]);
    }

    private static TemplateValue Boolean(TemplateValue value, Call call) => value switch
    {
        { IsMissingOrNull: true } => value,
        { Kind: JsonValueKind.True or JsonValueKind.False } => value,
        _ => TextOf(value, call).Trim().ToLowerInvariant() switch
        {
            "true" or "1" or "yes" or "on" => TemplateValue.Boolean(true),
            "false" or "0" or "no" or "off" or "" => TemplateValue.Boolean(false),
            _ => throw call.Failure("needs true, false, yes, no, on, off, 1 or 0"),
        },
    };

    private static string TextOf(TemplateValue value, Call call, bool allowComposite = false) =>
        !allowComposite && value.Kind is JsonValueKind.Object or JsonValueKind.Array
            ? throw call.Failure("needs a text, a number or a boolean")
            : value.ToText() ?? "";

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static TemplateValue FromNode(JsonNode node) => new(JsonText.ToElement(node));

    private static string Nearest(string name) => Known.Keys.MinBy(known => (Distance(name.ToLowerInvariant(), known), known))!;

    /// <summary>Levenshtein distance.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[b.Length];
    }

    private sealed record Definition(Argument Argument, Func<Call, TemplatePipe> Compile);

    /// <summary>One use of a pipe in a template.</summary>
    private sealed record Call(string Name, string Argument, string Source, List<(string, string)> References)
    {
        /// <summary>The argument as a reference, when it is one; it is then noted among the template's references.</summary>
        public TemplateReference? ArgumentAsReference() => AsReference(Argument);

        public TemplateReference? AsReference(string text)
        {
            var reference = text.StartsWith('/') || ReferenceRoots.Contains(text.Split('.')[0]) && text.Contains('.', StringComparison.Ordinal)
                ? TemplateReference.Parse(text)
                : null;
            if (reference is not null)
                References.Add((reference.Root, reference.Path));

            return reference;
        }

        /// <summary>Names the placeholder and what the pipe needs; never the value.</summary>
        public TemplateException Failure(string needs) => new($"\"{Name}\" in \"{{{Source}}}\" {needs}.");
    }
}
