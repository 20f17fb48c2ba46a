namespace IntegrationHub.Host.Http;

/// <summary>Marks an address that is read with GET and cannot be asked for its headers alone.</summary>
/// <param name="Why">The reason.</param>
internal sealed record NoHead(string Why);

internal static class HeadRequests
{
    private static readonly string[] Both = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Not for HEAD: whoever looks ahead, as mail programs and chats do with addresses, must not set off what a GET does here.</summary>
    public static TBuilder TakesNoHead<TBuilder>(this TBuilder builder, string why)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new NoHead(why));

    /// <summary>Answers HEAD wherever GET is answered (RFC 9110 §9.3.2): the same status and headers; the server leaves the body out.</summary>
    public static TBuilder AnswersHead<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.Finally(static endpoint =>
        {
            // The last one counts. What takes no HEAD is found by it nevertheless: else a route with a parameter in that place would be.
            if (endpoint.Metadata.OfType<IHttpMethodMetadata>().LastOrDefault() is { HttpMethods: ["GET"] })
                endpoint.Metadata.Add(new HttpMethodMetadata(Both));
        });
        return builder;
    }

    /// <summary>After access: who may not come in is told nothing.</summary>
    public static void UseHeadRequests(this IApplicationBuilder app) => app.Use(static (context, next) =>
    {
        if (!HttpMethods.IsHead(context.Request.Method) || context.GetEndpoint() is not RouteEndpoint endpoint || endpoint.Metadata.GetMetadata<NoHead>() is not { Why: var why })
            return next(context);

        var allowed = context.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(other => other.RoutePattern.RawText == endpoint.RoutePattern.RawText)
            .SelectMany(other => other.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [])
            .Where(method => !HttpMethods.IsHead(method)).Distinct();
        context.Response.Headers.Allow = string.Join(", ", allowed);
        return new Problem(StatusCodes.Status405MethodNotAllowed, "method_not_allowed", "Method not allowed", why).ToResult().ExecuteAsync(context);
    });
}
