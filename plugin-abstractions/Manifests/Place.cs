using System.Text.Json;
using IntegrationHub.Schemas;

namespace IntegrationHub.Manifests;

/// <summary>
/// A value in a manifest and where it stands. Navigation never fails: what is absent, or of another kind than asked for, is a place that does not exist. So rules run
/// on manifests that the schema has found faulty, and everything is reported at once.
/// </summary>
internal readonly record struct Place(JsonElement Value, string Pointer)
{
    public bool Exists => Value.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null);

    public string? Text => Value.ValueKind == JsonValueKind.String ? Value.GetString() : null;

    public bool IsObject => Value.ValueKind == JsonValueKind.Object;

    public Place this[string name] =>
        new(IsObject && Value.TryGetProperty(name, out var child) ? child : default, PointerText.Append(Pointer, name));

    /// <summary>The members of an object, without free <c>x-</c> keys.</summary>
    public IEnumerable<(string Name, Place Place)> Members()
    {
        if (!IsObject)
            yield break;

        foreach (var member in Value.EnumerateObject())
            if (!member.Name.StartsWith("x-", StringComparison.Ordinal))
                yield return (member.Name, new Place(member.Value, PointerText.Append(Pointer, member.Name)));
    }

    /// <summary>The elements of an array.</summary>
    public IEnumerable<Place> Items()
    {
        if (Value.ValueKind != JsonValueKind.Array)
            yield break;

        var index = 0;
        foreach (var item in Value.EnumerateArray())
            yield return new Place(item, PointerText.Append(Pointer, index++));
    }

    /// <summary>The elements of an array, or the value itself where a manifest may write one or many.</summary>
    public IEnumerable<Place> OneOrMany() => Value.ValueKind == JsonValueKind.Array ? Items() : Exists ? [this] : [];

    /// <summary>A text or the manifest's default for it.</summary>
    public string Or(string preset) => Text ?? preset;
}
