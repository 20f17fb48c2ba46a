using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace IntegrationHub.Host.Privacy;

/// <summary>Whose data, and where it is looked for within a project. Immutable.</summary>
internal sealed record PersonQuery
{
    /// <summary>What the person is named by: a customer's id, an address.</summary>
    public required string Subject { get; init; }

    /// <summary>JSON pointers into events' data: an event is the person's when one of them leads to the subject. Its own subject counts always.</summary>
    public IReadOnlyList<string> Pointers { get; init; } = [];

    /// <summary>Whether a pointer leads to the subject. <c>*</c> stands for every item of an array or member of an object.</summary>
    public bool IsIn(JsonElement data) => Pointers.Any(pointer => Leads(data, pointer.Split('/').Skip(1).Select(Unescape).ToArray(), 0));

    /// <summary>Whether kept text names the subject, as it is or however JSON escapes it, and not only within a longer word.</summary>
    public bool IsInText(string? text) =>
        text is not null
        && (IsWordOf(text, Subject)
            || (text.Contains('\\', StringComparison.Ordinal)
                && (IsWordOf(text, JsonEncodedText.Encode(Subject).ToString()) || IsWordOf(text, Subject.Replace("/", "\\/", StringComparison.Ordinal)))));

    private static bool IsWordOf(string text, string word)
    {
        for (var at = text.IndexOf(word, StringComparison.Ordinal); at >= 0; at = text.IndexOf(word, at + 1, StringComparison.Ordinal))
        {
            var end = at + word.Length;
            if ((at == 0 || !char.IsLetterOrDigit(text[at - 1])) && (end == text.Length || !char.IsLetterOrDigit(text[end])))
                return true;
        }

        return false;
    }

    private bool Leads(JsonElement value, string[] path, int at)
    {
        if (at == path.Length)
        {
            return value.ValueKind switch
            {
                JsonValueKind.String => value.ValueEquals(Subject),
                JsonValueKind.Number => Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(value)) == Subject,
                _ => false,
            };
        }

        var name = path[at];
        return value.ValueKind switch
        {
            JsonValueKind.Object when name == "*" => value.EnumerateObject().Any(member => Leads(member.Value, path, at + 1)),
            JsonValueKind.Object => value.TryGetProperty(name, out var member) && Leads(member, path, at + 1),
            JsonValueKind.Array when name == "*" => value.EnumerateArray().Any(item => Leads(item, path, at + 1)),
            JsonValueKind.Array => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < value.GetArrayLength() && Leads(value[index], path, at + 1),
            _ => false,
        };
    }

    private static string Unescape(string name) => name.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
}
