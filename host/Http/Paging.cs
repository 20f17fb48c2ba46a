namespace IntegrationHub.Host.Http;

/// <summary>Which part of a list is wanted. The cursor is opaque to callers; stores make it from the last row's sort key.</summary>
internal sealed record PageRequest(int Limit = PageRequest.DefaultLimit, string? Cursor = null)
{
    public const int DefaultLimit = 50;
    public const int MaxLimit = 200;
}

/// <summary>Part of a list, as the API answers it.</summary>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor)
{
    public Page<TOther> Select<TOther>(Func<T, TOther> convert) => new([.. Items.Select(convert)], NextCursor);
}
