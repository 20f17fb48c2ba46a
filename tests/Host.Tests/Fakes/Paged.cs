using System.Globalization;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Tests.Fakes;

/// <summary>Pages over a list; the cursor is how many came before.</summary>
internal static class Paged
{
    public static Page<T> Of<T>(IReadOnlyList<T> all, PageRequest page)
    {
        var skip = page.Cursor is null ? 0 : int.Parse(page.Cursor, CultureInfo.InvariantCulture);
        var items = all.Skip(skip).Take(page.Limit).ToList();
        var next = skip + items.Count;
        return new(items, next < all.Count ? next.ToString(CultureInfo.InvariantCulture) : null);
    }
}
