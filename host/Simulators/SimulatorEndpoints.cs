using IntegrationHub.Host.Access;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Http;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Simulators;

/// <summary>
/// Stands in for the providers, so that a hub can be tried without any account: answers at <c>/simulators/{provider}</c> what the manifest's simulator says.
/// A connection uses it through <c>overrides.baseUrl</c>. Only there where such overrides are allowed.
/// </summary>
internal static class SimulatorEndpoints
{
    private const int MaxBody = 1024 * 1024;

    public static IEndpointRouteBuilder MapSimulators(this IEndpointRouteBuilder routes)
    {
        routes.Map("/simulators/{provider}/{**path}", AnswerAsync)
            .AllowWithoutKey("A stand-in provider: it holds nothing and knows no connection.")
            .ExcludeFromDescription();
        return routes;
    }

    private static async Task AnswerAsync(string provider, string? path, HttpContext context, IProviderCatalog catalog, IOptions<HubOptions> options, CancellationToken cancellationToken)
    {
        if (!options.Value.AllowBaseUrlOverride || catalog.Find(provider)?.Manifest is not { Simulator: { } simulator } manifest)
            throw Problem.NotFound("simulator", provider).ToException();

        using var body = new MemoryStream();
        await using (var limited = new LimitedReadStream(context.Request.Body, MaxBody))
            await limited.CopyToAsync(body, cancellationToken);

        var sent = SimulatedRequest.Read(context.Request, "/" + path, body.ToArray());
        foreach (var (name, operation) in manifest.Operations)
        {
            if (!simulator.Operations.TryGetValue(name, out var answers) || sent.Match(operation) is not { } parameters)
                continue;

            if (answers.FirstOrDefault(answer => SimulatedRequest.Holds(answer.When, parameters)) is not { } answer)
                continue;

            context.Response.StatusCode = answer.Status;
            foreach (var (header, value) in answer.Headers)
                context.Response.Headers[header] = value;

            if (answer.Body is { } content)
            {
                context.Response.ContentType = answer.ContentType;
                await context.Response.WriteAsync(
                    answer.ContentType.Contains("json", StringComparison.Ordinal) ? content.GetRawText() : content.ToString(),
                    cancellationToken);
            }

            return;
        }

        throw new Problem(404, "not_simulated", "Not simulated", $"The manifest of '{provider}' has no simulated answer to {context.Request.Method} /{path}.").ToException();
    }
}
