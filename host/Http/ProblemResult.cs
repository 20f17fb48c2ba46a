using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IntegrationHub.Host.Http;

internal sealed class ProblemResult(Problem problem) : IResult, IStatusCodeHttpResult
{
    public int? StatusCode => problem.Status;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = problem.Status;
        if (problem.RetryAfter is { } wait)
            response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

        var body = new JsonObject
        {
            ["type"] = problem.Type,
            ["title"] = problem.Title,
            ["status"] = problem.Status,
            ["code"] = problem.Code,
        };
        if (problem.Detail is not null)
            body["detail"] = problem.Detail;

        body["correlationId"] = CorrelationId.Of(httpContext);
        if (problem.Errors is { } errors)
            body["errors"] = JsonSerializer.SerializeToNode(errors, HubJson.Options);

        foreach (var (name, value) in problem.Extensions ?? new Dictionary<string, object?>())
            body[name] = JsonSerializer.SerializeToNode(value, HubJson.Options);

        await response.WriteAsJsonAsync(body, HubJson.Options, "application/problem+json", httpContext.RequestAborted);
    }
}
