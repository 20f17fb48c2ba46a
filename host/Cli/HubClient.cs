using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Cli;

/// <summary>Calls a hub's API, and says in plain words why a call did not work.</summary>
internal sealed class HubClient(Uri address, string key, string keySource) : IDisposable
{
    // The hub on this machine is never asked through a proxy, whatever the environment says: the proxy would be shown its admin key, and would ask its own machine.
    // A package is read by the hub to its end, and the plugin in it started, before it answers.
    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = !address.IsLoopback, AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(10) })
    {
        BaseAddress = address,
        Timeout = TimeSpan.FromMinutes(10),
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) },
    };

    private string Hub => address.GetLeftPart(UriPartial.Authority);

    /// <returns>The answer's JSON object; undefined when there is nothing to tell.</returns>
    /// <exception cref="CliException">The hub is not there, or refused.</exception>
    public async Task<JsonElement> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = content };
        try
        {
            using var answer = await http.SendAsync(request, cancellationToken);
            var body = await ReadAsync(answer, cancellationToken);
            return answer.StatusCode == HttpStatusCode.NoContent || (answer.IsSuccessStatusCode && body.ValueKind == JsonValueKind.Object) ? body : throw Refused(answer, body);
        }
        catch (HttpRequestException fault)
        {
            throw Unreachable(fault);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CliException(CliExitCodes.Hub, "unreachable", $"The hub at {Hub} did not answer within {http.Timeout.TotalMinutes:0} minutes.", "Its log says what it is doing.");
        }
    }

    public void Dispose() => http.Dispose();

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var text = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        try
        {
            return text.Length == 0 ? default : JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private CliException Unreachable(HttpRequestException fault)
    {
        var (message, hint) = fault.InnerException switch
        {
            SocketException { SocketErrorCode: SocketError.ConnectionRefused } => ($"No hub answers at {Hub}.", "Start it (hub --urls … --data …), or name another address with --hub or HUB_URL."),
            SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData } => ($"There is no machine called '{address.Host}', or it cannot be looked up now.", "Check the address in --hub or HUB_URL."),
            AuthenticationException => ($"No secure connection to {Hub} can be made: {fault.InnerException.Message}", "Check whether the address begins with http or https, and the hub's certificate."),
            _ => ($"The hub at {Hub} cannot be reached: {fault.Message}", "Check the address in --hub or HUB_URL, and whether the hub runs."),
        };
        return new CliException(CliExitCodes.Hub, "unreachable", message, hint);
    }

    private CliException Refused(HttpResponseMessage answer, JsonElement body)
    {
        var status = (int)answer.StatusCode;
        var isProblem = !answer.IsSuccessStatusCode && Text(body, "code") is not null;
        var (code, message, hint) = answer.StatusCode switch
        {
            HttpStatusCode.Unauthorized when isProblem => (Text(body, "code")!, $"The hub at {Hub} does not know the key from {keySource}.", "It may be another hub's, have been deleted, or have expired."),
            _ when !isProblem => ("no_hub", $"What answers at {Hub} is no hub, or is older than this program (status {status}).", "Check the address in --hub or HUB_URL."),
            HttpStatusCode.Forbidden => (Text(body, "code")!, $"The hub refused: {Text(body, "detail") ?? Text(body, "title")}", $"The key is from {keySource}."),
            _ => (Text(body, "code")!, $"The hub refused: {Text(body, "detail") ?? Text(body, "title")}", status >= 500 ? $"Correlation id: {Text(body, "correlationId")}" : null),
        };

        // A conflict repeats its detail as the one finding, with a hint.
        var issues = Issues(body);
        if (issues is [var only] && only.Message == Text(body, "detail"))
            (hint, issues) = (only.Hint ?? hint, []);

        // The hub did what it was asked to, and found the plugin wanting.
        var exitCode = code is "plugin_not_loaded" or "invalid_plugin" or "invalid_package" ? CliExitCodes.Findings : CliExitCodes.Hub;
        return new CliException(exitCode, code, message, hint) { Status = status, Issues = issues };
    }

    private static List<ValidationIssue> Issues(JsonElement body) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array
            ? [.. errors.EnumerateArray().Select(error => new ValidationIssue(Text(error, "pointer") ?? "", Text(error, "message") ?? "", Text(error, "hint")))]
            : [];

    private static string? Text(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
