using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using IntegrationHub.Webhooks;

namespace IntegrationHub.Fuzz;

/// <summary>A request as a reader of the documentation takes it apart.</summary>
internal sealed class RowParts : IDisposable
{
    private readonly JsonDocument? document;

    public RowParts(WebhookRequest request)
    {
        Request = request;
        document = Read();
    }

    public WebhookRequest Request { get; }

    private bool IsForm => Straight.Single(Request, "Content-Type")?.Trim().StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) == true;

    public JsonElement? Find(string pointer)
    {
        if (document is null)
            return null;

        var value = document.RootElement;
        foreach (var name in pointer.Split('/').Skip(1))
        {
            var found = value.ValueKind switch
            {
                JsonValueKind.Object => Straight.Member(value, name.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)),
                JsonValueKind.Array when int.TryParse(name, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index) => At(value, index),
                _ => null,
            };
            if (found is not { } next)
                return null;

            value = next;
        }

        return value;
    }

    public string? Text(string pointer)
    {
        try
        {
            return Find(pointer) is { } found ? found.ValueKind switch { JsonValueKind.String => found.GetString(), JsonValueKind.Null => null, _ => found.GetRawText() } : null;
        }
        catch (InvalidOperationException)
        {
            return null; // half a surrogate pair
        }
    }

    public string? Query(string name) => Straight.Query(Request).Where(pair => pair.Name == name).ToList() is [var only] ? only.Value : null;

    /// <summary>Whether a header or parameter came more than once.</summary>
    public bool Many(string part) => part.StartsWith("query.", StringComparison.Ordinal) ? Straight.Query(Request).Count(pair => pair.Name == part[6..]) > 1
        : part.StartsWith("header.", StringComparison.Ordinal) && Straight.All(Request, part[7..]).Count > 1;

    public string SortedForm()
    {
        if (!IsForm)
            return "";

        var pairs = Straight.Pairs(Request.Body.ToArray()).Distinct().ToList();
        pairs.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name) is var order and not 0 ? order : string.CompareOrdinal(a.Value, b.Value));
        return string.Concat(pairs.Select(pair => pair.Name + pair.Value));
    }

    public void Dispose() => document?.Dispose();

    private static JsonElement? At(JsonElement array, int index)
    {
        var place = index < 0 ? index + array.GetArrayLength() : index;
        return place >= 0 && place < array.GetArrayLength() ? array[place] : null;
    }

    private JsonDocument? Read()
    {
        if (Request.Body.IsEmpty && Request.Method == "GET")
            return Pairs(Straight.Query(Request));
        if (IsForm)
            return Pairs(Straight.Pairs(Request.Body.ToArray()));

        var body = Request.Body.Span.StartsWith("\uFEFF"u8) ? Request.Body[3..] : Request.Body;
        if (!Utf8.IsValid(body.Span))
            return null;

        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A form is an object of texts; of a name that comes more than once, a list.</summary>
    private static JsonDocument? Pairs(List<(string Name, string Value)> pairs) => pairs.Count > 5000 ? null : JsonSerializer.SerializeToDocument(
        pairs.GroupBy(pair => pair.Name).ToDictionary(group => group.Key, group => group.Count() == 1 ? (object)group.First().Value : group.Select(pair => pair.Value).ToArray()));
}
