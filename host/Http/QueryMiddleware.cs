using System.Reflection;
using IntegrationHub.Schemas;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;

namespace IntegrationHub.Host.Http;

/// <summary>
/// Refuses parameters of a query that its endpoint does not read: a misspelt filter must not answer, or change, everything. Runs after routing and access, and concerns endpoints
/// that declare what they read (<see cref="QueryParameters.ReadsQuery"/>, or parameters of their handler).
/// </summary>
internal sealed class QueryMiddleware(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.Request.QueryString.HasValue && context.GetEndpoint() is { } endpoint && KnownTo(endpoint) is { } known)
        {
            var unknown = context.Request.Query.Keys.Where(name => !known.Contains(name)).ToList();
            if (unknown.Count > 0)
                return Refuse(unknown, known).ToResult().ExecuteAsync(context);
        }

        return next(context);
    }

    private static Problem Refuse(List<string> unknown, HashSet<string> known) => Problem.Invalid(
        "The query is not valid.",
        [.. unknown.Select(name => new ValidationIssue(
            "/" + RequestBody.Escape(name), "There is no such parameter here.", known.Count == 0 ? "This address takes none." : Suggestion.For(name, known)))]);

    private static HashSet<string>? KnownTo(Endpoint endpoint)
    {
        var bound = endpoint.Metadata.GetOrderedMetadata<IParameterBindingMetadata>()
            .Select(parameter => parameter.ParameterInfo.GetCustomAttribute<FromQueryAttribute>()?.Name)
            .OfType<string>().ToList();
        var declared = endpoint.Metadata.GetOrderedMetadata<QueryParameter>();
        return endpoint.Metadata.GetMetadata<ReadsDeclaredQuery>() is null && bound.Count == 0
            ? null
            : new HashSet<string>([.. bound, .. declared.Select(parameter => parameter.Name)], StringComparer.OrdinalIgnoreCase);
    }
}
