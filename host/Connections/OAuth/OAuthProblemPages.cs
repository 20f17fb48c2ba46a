using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Connections.OAuth;

/// <summary>Under <c>/oauth</c> people come with their browsers: what goes wrong there before or behind the pages is a page too.</summary>
internal sealed class OAuthProblemPages : IProblemPages
{
    public IResult? PageOf(HttpContext context, Problem problem)
    {
        if (!context.Request.Path.StartsWithSegments("/oauth", StringComparison.OrdinalIgnoreCase) || !IsBrowser(context.Request))
            return null;

        return OAuthPages.Failed(context, new FlowException(CodeOf(problem.Status), null), problem.Status);
    }

    private static string CodeOf(int status) => status switch
    {
        StatusCodes.Status404NotFound => "no_page",
        StatusCodes.Status503ServiceUnavailable => "hub_unavailable",
        >= 500 => "hub_failed",
        _ => "wrong_request",
    };

    // A browser names what it shows; who writes programs accepts anything.
    private static bool IsBrowser(HttpRequest request) =>
        request.GetTypedHeaders().Accept.Any(static accepted => accepted.Quality is not 0 && accepted.MediaType.Equals("text/html", StringComparison.OrdinalIgnoreCase));
}
