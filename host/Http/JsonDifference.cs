using System.Globalization;
using System.Text.Json;

namespace IntegrationHub.Host.Http;

/// <summary>One place at which two JSON values differ.</summary>
/// <param name="Pointer">Where (RFC 6901).</param>
/// <param name="Before">The former value; <see langword="null"/> when there was none.</param>
/// <param name="After">The later value; <see langword="null"/> when there is none.</param>
internal sealed record JsonDifference(string Pointer, JsonElement? Before, JsonElement? After)
{
    /// <summary>All places, in order, up to a number. Members by name, items by place; numbers that are written differently and are equal do not differ.</summary>
    public static IReadOnlyList<JsonDifference> Between(JsonElement before, JsonElement after, int max)
    {
        var found = new List<JsonDifference>();
        Compare("", before, after, found, max);
        return found;
    }

    private static void Compare(string pointer, JsonElement before, JsonElement after, List<JsonDifference> found, int max)
    {
        if (found.Count >= max)
            return;

        switch (before.ValueKind, after.ValueKind)
        {
            case (JsonValueKind.Object, JsonValueKind.Object):
                foreach (var member in before.EnumerateObject())
                {
                    if (after.TryGetProperty(member.Name, out var other))
                        Compare($"{pointer}/{RequestBody.Escape(member.Name)}", member.Value, other, found, max);
                    else
                        Add($"{pointer}/{RequestBody.Escape(member.Name)}", member.Value, null);
                }

                foreach (var member in after.EnumerateObject())
                {
                    if (!before.TryGetProperty(member.Name, out _))
                        Add($"{pointer}/{RequestBody.Escape(member.Name)}", null, member.Value);
                }

                break;
            case (JsonValueKind.Array, JsonValueKind.Array):
                var (left, right) = (before.GetArrayLength(), after.GetArrayLength());
                for (var i = 0; i < Math.Max(left, right); i++)
                {
                    var place = string.Create(CultureInfo.InvariantCulture, $"{pointer}/{i}");
                    if (i < left && i < right)
                        Compare(place, before[i], after[i], found, max);
                    else
                        Add(place, i < left ? before[i] : null, i < right ? after[i] : null);
                }

                break;
            default:
                if (!JsonElement.DeepEquals(before, after))
                    Add(pointer, before, after);
                break;
        }

        void Add(string at, JsonElement? former, JsonElement? later)
        {
            if (found.Count < max)
                found.Add(new(at, former, later));
        }
    }
}
