using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Host.Tests.Connections.OAuth;

/// <summary>What a server was asked.</summary>
internal sealed record TokenRequest(string Method, string Path, string? Authorization, string? ContentType, string Body)
{
    public string? this[string field] => QueryHelpers.ParseQuery(Body).TryGetValue(field, out var values) ? values.Single() : null;
}

/// <summary>An authorisation server on loopback that answers what a test tells it to.</summary>
internal sealed class TokenServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<TokenRequest> requests = new();
    private int issued;

    private TokenServer()
    {
        Answer = (_, context) => JsonAsync(context, $$"""{ "access_token": "{{NextToken()}}", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "refresh-{{issued}}-abcdef" }""");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var request = new TokenRequest(
                context.Request.Method, context.Request.Path, context.Request.Headers.Authorization.Count > 0 ? context.Request.Headers.Authorization.ToString() : null,
                context.Request.ContentType, await reader.ReadToEndAsync());
            requests.Enqueue(request);
            await Answer(request, context);
        });
    }

    /// <summary>How it answers. Default: a token that lives an hour, and a refresh token, both new each time.</summary>
    public Func<TokenRequest, HttpContext, Task> Answer { get; set; }

    public IReadOnlyList<TokenRequest> Requests => [.. requests];

    /// <summary>Requests to the token endpoint.</summary>
    public IReadOnlyList<TokenRequest> TokenRequests => [.. requests.Where(request => request.Path == "/token")];

    public string Address => app.Urls.First();

    public static async Task<TokenServer> StartAsync()
    {
        var server = new TokenServer();
        await server.app.StartAsync();
        return server;
    }

    public string NextToken() => $"access-{Interlocked.Increment(ref issued)}-abcdef";

    public static Task JsonAsync(HttpContext context, string json, int status = 200) => SendAsync(context, json, "application/json", status);

    public static Task SendAsync(HttpContext context, string text, string contentType, int status = 200)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        return context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text)).AsTask();
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }
}
