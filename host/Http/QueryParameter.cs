namespace IntegrationHub.Host.Http;

/// <summary>A query parameter that an endpoint reads by itself: the API description learns of it from here.</summary>
internal sealed record QueryParameter(string Name, string Description, bool Required = false);

internal static class QueryParameters
{
    private static readonly QueryParameter[] Paging = [new("limit", "How many, 1 to 200. Default 50."), new("cursor", "The nextCursor of the page before.")];

    /// <summary>Says which parameters the endpoint reads by itself; <see cref="KnownQuery"/> refuses what it does not read.</summary>
    public static TBuilder ReadsQuery<TBuilder>(this TBuilder builder, params QueryParameter[] parameters)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata([.. parameters]);

    /// <summary>The filters given, and those of every list.</summary>
    public static TBuilder ReadsListQuery<TBuilder>(this TBuilder builder, params QueryParameter[] filters)
        where TBuilder : IEndpointConventionBuilder =>
        builder.ReadsQuery([.. filters, .. Paging]);
}
