using System.Net;

namespace IntegrationHub.Testing.Contracts;

/// <summary>Names with brackets (<c>items[0][price]</c>, <c>expand[]</c>) put together to values, as Rails, PHP and qs read them. Built, then read.</summary>
internal sealed class FormTree
{
    private readonly List<WireValue> values = [];
    private readonly List<KeyValuePair<string, FormTree>> children = [];

    /// <summary>The pairs of a form or a query, in order, decoded: <c>+</c> is a space (URL Standard §5.1).</summary>
    public static List<KeyValuePair<string, string>> Pairs(string text)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        foreach (var part in text.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var split = part.IndexOf('=', StringComparison.Ordinal);
            pairs.Add(split < 0 ? new(WebUtility.UrlDecode(part), "") : new(WebUtility.UrlDecode(part[..split]), WebUtility.UrlDecode(part[(split + 1)..])));
        }

        return pairs;
    }

    /// <summary>A name's parts: <c>a[b][]</c> is <c>a</c>, <c>b</c> and an empty one. A name whose brackets do not close is one part.</summary>
    public static List<string> Parts(string name)
    {
        var open = name.IndexOf('[', StringComparison.Ordinal);
        if (open <= 0 || name[^1] != ']')
            return [name];

        List<string> parts = [name[..open]];
        for (var at = open; at < name.Length;)
        {
            var close = name.IndexOf(']', at);
            if (name[at] != '[' || close < 0)
                return [name];

            parts.Add(name[(at + 1)..close]);
            at = close + 1;
        }

        return parts;
    }

    public void Add(ReadOnlySpan<string> parts, WireValue value)
    {
        if (parts.IsEmpty)
        {
            values.Add(value);
            return;
        }

        Child(parts[0], parts[1..]).Add(parts[1..], value);
    }

    /// <summary>The value. <paramref name="text"/> says what a text directly below the root is; deeper ones are plain.</summary>
    public WireValue Value(Func<WireValue, WireValue> text) => (values.Count, children.Count) switch
    {
        (1, 0) => text(values[0]),
        (_, 0) => new WireValue { Kind = WireKind.Repeated, Items = values },
        _ => new WireValue
        {
            // A bare value beside bracketed ones gets a name that no vendor knows, so that it is judged, and found.
            Kind = WireKind.Brackets,
            Members = [.. children.Select(child => KeyValuePair.Create(child.Key, child.Value.Value(value => value))), .. values.Select(value => KeyValuePair.Create("(without brackets)", value))],
        },
    };

    private FormTree Child(string name, ReadOnlySpan<string> rest)
    {
        // "a[][x]=1&a[][y]=2" is one item with two names, until a name comes again.
        var next = rest.IsEmpty ? null : rest[0];
        var last = children.FindLast(child => child.Key == name).Value;
        if (last is not null && (name.Length > 0 || (next is { Length: > 0 } && !last.children.Exists(child => child.Key == next))))
            return last;

        children.Add(new(name, new FormTree()));
        return children[^1].Value;
    }
}
