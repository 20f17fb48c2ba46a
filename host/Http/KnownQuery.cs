using System.Reflection;
using IntegrationHub.Schemas;
using Microsoft.AspNetCore.Http.Metadata;

namespace IntegrationHub.Host.Http;

/// <summary>
/// The query parameters that an endpoint takes, as its handler and its metadata say. Others are refused: a filter with a slip in its name would answer everything, and
/// <c>?dry_run=true</c> would do what was only to be shown.
/// </summary>
internal sealed class KnownQuery
{
    private const string Api = "/api/";
    private const int MostNamed = 20;
    private const int LongestShown = 64;

    private readonly HashSet<string> names;

    private KnownQuery(IEnumerable<string> names) => this.names = new(names, StringComparer.OrdinalIgnoreCase);

    public IReadOnlyCollection<string> Names => names;

    /// <summary>Of an endpoint of the API; others take queries that are not the hub's to judge: a provider's, a browser's, a load balancer's.</summary>
    public static KnownQuery? Of(RouteEndpointBuilder endpoint) =>
        !$"/{endpoint.RoutePattern.RawText?.Trim('/')}/".StartsWith(Api, StringComparison.OrdinalIgnoreCase)
            ? null
            : new(endpoint.Metadata.OfType<QueryParameter>().Select(parameter => parameter.Name)
                .Concat(endpoint.Metadata.OfType<MethodInfo>().Take(1).SelectMany(handler => handler.GetParameters()).SelectMany(parameter => Bound(parameter, endpoint))));

    /// <exception cref="ProblemException">The query has parameters that the endpoint does not take.</exception>
    public void Check(IQueryCollection query)
    {
        List<ValidationIssue>? issues = null;
        foreach (var (name, _) in query)
            if (!names.Contains(name) && (issues ??= []).Count < MostNamed)
                issues.Add(new(Pointer(name), $"There is no query parameter '{Shown(name)}' here.", Suggestion.For(name, names) ?? "This address takes no query parameters."));

        if (issues is not null)
            throw Problem.Invalid(names.Count == 0 ? "This address takes no query parameters." : $"This address takes the query parameters {string.Join(", ", names)}.", issues).ToException();
    }

    private static IEnumerable<string> Bound(ParameterInfo parameter, RouteEndpointBuilder endpoint)
    {
        if (parameter.GetCustomAttribute<AsParametersAttribute>() is not null)
            return parameter.ParameterType.GetProperties().Select(property => NameIn(property.GetCustomAttributes())).OfType<string>();
        if (NameIn(parameter.GetCustomAttributes()) is { } name)
            return [name];

        // What routing binds to the query without being told: values that the path does not have.
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        return (type == typeof(string) || type.IsPrimitive || type.IsEnum) && endpoint.RoutePattern.GetParameter(parameter.Name!) is null ? [parameter.Name!] : [];
    }

    private static string? NameIn(IEnumerable<Attribute> attributes) => attributes.OfType<IFromQueryMetadata>().FirstOrDefault()?.Name;

    private static string Shown(string name) => name.Length <= LongestShown ? name : string.Concat(name.AsSpan(0, LongestShown), "…");

    private static string Pointer(string name) => "/" + Shown(name).Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}

internal static class KnownQueries
{
    /// <summary>Has each endpoint know which query parameters it takes, for <see cref="UseKnownQueries"/>.</summary>
    public static TBuilder KnowsItsQuery<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.Finally(static endpoint =>
        {
            if (endpoint is RouteEndpointBuilder route && KnownQuery.Of(route) is { } known)
                endpoint.Metadata.Add(known);
        });
        return builder;
    }

    /// <summary>After access: who may not come in is told nothing.</summary>
    public static void UseKnownQueries(this IApplicationBuilder app) => app.Use(static (context, next) =>
    {
        if (context.Request.QueryString.HasValue)
            context.GetEndpoint()?.Metadata.GetMetadata<KnownQuery>()?.Check(context.Request.Query);

        return next(context);
    });
}
