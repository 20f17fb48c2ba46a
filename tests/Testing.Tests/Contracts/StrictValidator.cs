using System.Net.Http.Headers;
using System.Text.Json;
using IntegrationHub.Contract.Tests.Providers.Rig;
using IntegrationHub.Testing.Contracts;

namespace IntegrationHub.Testing.Tests.Contracts;

/// <summary>The judge that others wrote: <c>express-openapi-validator</c>, loaded with a vendor's description.</summary>
internal sealed class StrictValidator : IAsyncDisposable
{
    private static readonly HttpClient Client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
    private readonly ContractServer server;

    private StrictValidator(ContractServer server) => this.server = server;

    public static async Task<StrictValidator> StartAsync(string description) => new(await ContractServer.StartAsync(description, mock: false));

    /// <summary>What it says of a request: nothing when it is content.</summary>
    public async Task<IReadOnlyList<string>> JudgeAsync(VendorRequest request)
    {
        using var message = new HttpRequestMessage(new HttpMethod(request.Method), server.Address + request.Address.PathAndQuery);
        if (!request.Body.IsEmpty || request.ContentType is not null)
            message.Content = new ByteArrayContent(request.Body.ToArray());

        foreach (var header in request.Headers.Where(header => header.Key is not ("Host" or "Content-Length")))
            if (header.Key == "Content-Type" && message.Content is not null)
                message.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(header.First());
            else
                message.Headers.TryAddWithoutValidation(header.Key, header);

        using var answer = await Client.SendAsync(message);
        var body = await answer.Content.ReadAsStringAsync();
        if (answer.IsSuccessStatusCode)
            return [];

        using var document = JsonDocument.Parse(body);
        return document.RootElement.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array
            ? [.. errors.EnumerateArray().Select(error => $"{error.GetProperty("path")} {error.GetProperty("message")}")]
            : [body];
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();
}
