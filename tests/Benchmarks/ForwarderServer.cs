using System.Globalization;
using System.Text.Json;

namespace IntegrationHub.Benchmarks;

/// <summary>
/// The least that anything between caller and provider can do, in a process of its own: Kestrel reads a JSON body, <see cref="HttpClient"/> calls the provider, and the answer is copied.
/// It checks nothing, remembers nothing and limits nothing.
/// </summary>
internal static class ForwarderServer
{
    public static async Task<int> RunAsync(int port, Uri provider)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, port));
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false, ActivityHeadersPropagator = null });
        var app = builder.Build();
        app.Run(async context =>
        {
            using var body = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
            var id = body.RootElement.GetProperty("params").GetProperty("id").GetString();
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(provider, "/things/" + id));
            request.Headers.TryAddWithoutValidation("Authorization", context.Request.Headers.Authorization.ToString());
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
            context.Response.StatusCode = (int)answer.StatusCode;
            context.Response.ContentType = "application/json";
            context.Response.ContentLength = answer.Content.Headers.ContentLength;
            await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        });
        await app.RunAsync();
        return 0;
    }

    /// <summary>Starts one, and waits until it answers.</summary>
    public static Task<System.Diagnostics.Process> StartAsync(int port, Uri provider) =>
        ProviderServer.StartAsync("forwarder-server", port.ToString(CultureInfo.InvariantCulture), provider.ToString());
}
