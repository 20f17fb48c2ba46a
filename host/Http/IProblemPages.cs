namespace IntegrationHub.Host.Http;

/// <summary>Shows problems as pages where people's browsers come. Thread-safe.</summary>
internal interface IProblemPages
{
    /// <returns><see langword="null"/> where no person comes, or what came is no browser: then it is problem details.</returns>
    IResult? PageOf(HttpContext context, Problem problem);
}
