using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IntegrationHub.Host;
using IntegrationHub.Host.Hosting;
using IntegrationHub.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace IntegrationHub.Contract.Tests.OAuth;

/// <summary>The whole hub with a clock that can be put forward, and the certified <c>oidc-provider</c> beside it, known to the hub through a manifest alone.</summary>
internal sealed class OAuthRig : IAsyncDisposable
{
    private static readonly string AdminKey = "admin-" + new string('k', 40);

    private readonly string data = HubProcess.NewDataFolder();
    private readonly WebApplication app;
    private readonly NodeServer provider;
    private readonly HttpClient direct = new();

    private OAuthRig(WebApplication app, NodeServer provider, string issuer)
    {
        (this.app, this.provider, Issuer) = (app, provider, issuer);
        Hub = new HttpClient { BaseAddress = new Uri(app.Urls.First()), Timeout = TimeSpan.FromMinutes(2) };
        Hub.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", AdminKey);
    }

    public ShiftedClock Clock { get; private init; } = new();

    /// <summary>The hub's API, as admin.</summary>
    public HttpClient Hub { get; }

    public string Issuer { get; }

    public static async Task<OAuthRig> StartAsync(object? keys = null)
    {
        var node = await NodeToolchain.GetAsync();
        var hubPort = HubProcess.FreePort();
        var redirect = JsonSerializer.Serialize(new[] { $"http://127.0.0.1:{hubPort}/oauth/callback" });
        var jwks = keys is null ? "" : Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(keys));
        var (provider, providerPort) = await StartProviderAsync(node, hubPort, jwks, redirect);

        var clock = new ShiftedClock();
        var data = HubProcess.NewDataFolder();
        var plugin = Directory.CreateDirectory(Path.Combine(data, "plugin")).FullName;
        await File.WriteAllTextAsync(Path.Combine(plugin, "manifest.json"), Manifest);
        await File.WriteAllTextAsync(Path.Combine(data, "plugins.json"), JsonSerializer.Serialize(new { plugins = new[] { plugin } }));
        var app = HubApp.Build(
            [
                "--data", data, "--plugins", Path.Combine(data, "plugins.json"), "--urls", $"http://127.0.0.1:{hubPort}", "--Hub:AdminKey", AdminKey,
                "--Hub:AllowPrivateTargets", "true", "--Hub:Operations:ConnectionConcurrency", "256", "--Serilog:MinimumLevel:Default", "Fatal",
            ],
            builder => builder.Services.AddSingleton<TimeProvider>(clock));
        await app.Services.GetRequiredService<HubStartup>().RunAsync(CancellationToken.None);
        await app.StartAsync();
        return new OAuthRig(app, provider, $"http://127.0.0.1:{providerPort}") { Clock = clock };
    }

    // Between finding a free port and taking it somebody else may have taken it.
    private static async Task<(NodeServer Server, int Port)> StartProviderAsync(NodeToolchain node, int hubPort, string jwks, string redirect)
    {
        for (var tries = 1; ; tries++)
        {
            var port = HubProcess.FreePort();
            try
            {
                if (port != hubPort)
                    return (await node.StartAsync(port, Directory.CreateTempSubdirectory("oidc-"), "oidc.mjs", $"{port}", jwks, redirect), port);
            }
            catch (InvalidOperationException) when (tries < 3)
            {
                // Another port, then.
            }
        }
    }

    public T Get<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    public async Task<string> ConnectAsync(string auth, string clientId, string alias = "default", object? more = null)
    {
        var config = JsonSerializer.SerializeToNode(more ?? new { })!.AsObject();
        config["issuer"] = Issuer;
        config["clientId"] = clientId;
        if (auth is "person" or "post" or "machine")
            config["clientSecret"] = (await SeenAsync()).Secret;

        using var answer = await Hub.PostAsJsonAsync("/api/connections", new { provider = "oidc", auth, alias, config });
        var created = await ReadAsync(answer);
        Assert.True(answer.IsSuccessStatusCode, created.GetRawText());
        return created.GetProperty("id").GetString()!;
    }

    public async Task<Uri> StartAuthorizationAsync(string id, object? body = null)
    {
        using var answer = await Hub.PostAsJsonAsync($"/api/connections/{id}/oauth/start", body ?? new { });
        var started = await ReadAsync(answer);
        Assert.True(answer.IsSuccessStatusCode, started.GetRawText());
        return new Uri(started.GetProperty("authorizationUrl").GetString()!);
    }

    public async Task AuthorizeAsync(string id)
    {
        using var browser = new Browser();
        var page = await browser.GoAsync(await StartAuthorizationAsync(id));
        Assert.True(page.Status == 200 && page.Address.AbsolutePath == "/oauth/callback", page.Html);
    }

    public async Task<(int Status, JsonElement Body)> RunAsync(string id, string operation = "me")
    {
        using var answer = await Hub.PostAsJsonAsync($"/api/connections/{id}/operations/{operation}", new { @params = new { } });
        return ((int)answer.StatusCode, await ReadAsync(answer));
    }

    public async Task<JsonElement> AuthorizationAsync(string id) => (await ReadAsync(await Hub.GetAsync($"/api/connections/{id}"))).GetProperty("authorization");

    /// <summary>What the provider's token and revocation endpoints were asked, and the secret of its clients.</summary>
    public async Task<(List<JsonElement> Seen, string Secret)> SeenAsync()
    {
        var answer = await direct.GetFromJsonAsync<JsonElement>($"{Issuer}/control/seen");
        return ([.. answer.GetProperty("seen").EnumerateArray()], answer.GetProperty("secret").GetString()!);
    }

    public async Task<int> CountAsync(string grant) => (await SeenAsync()).Seen.Count(one => one.TryGetProperty("grant", out var asked) && asked.ValueEquals(grant));

    public Task ExpireCodesAsync() => direct.GetAsync($"{Issuer}/control/expire-codes");

    /// <summary>Uses a refresh token as a thief would who had got hold of it.</summary>
    public async Task<int> ReplayAsync(string refreshToken)
    {
        var secret = (await SeenAsync()).Secret;
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Issuer}/token")
        {
            Content = new FormUrlEncodedContent([new("grant_type", "refresh_token"), new("refresh_token", refreshToken)]),
            Headers = { Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"web:{Uri.EscapeDataString(secret)}"))) },
        };
        using var answer = await direct.SendAsync(request);
        return (int)answer.StatusCode;
    }

    /// <summary>A key as JWK set, and its private half in PEM.</summary>
    public static (object Jwks, string Pem) NewKey()
    {
        using var key = RSA.Create(2048);
        var parameters = key.ExportParameters(false);
        var jwk = new { kty = "RSA", kid = "k1", alg = "RS256", use = "sig", n = Base64(parameters.Modulus!), e = Base64(parameters.Exponent!) };
        return (new { keys = new[] { jwk } }, key.ExportPkcs8PrivateKeyPem());

        static string Base64(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
    }

    public static async Task<JsonElement> ReadAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        return text.Length == 0 ? default : JsonElement.Parse(text);
    }

    public async ValueTask DisposeAsync()
    {
        Hub.Dispose();
        direct.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        await provider.DisposeAsync();
        Directory.Delete(data, recursive: true);
    }

    private const string Manifest = """
        {
          "manifestVersion": 1, "id": "oidc", "name": "The certified provider", "version": "1.0.0", "category": "identity",
          "config": {
            "type": "object", "required": ["issuer", "clientId"], "additionalProperties": false,
            "properties": {
              "issuer": { "type": "string", "title": "Issuer" },
              "clientId": { "type": "string", "title": "Client id" },
              "clientSecret": { "type": "string", "title": "Client secret", "x-secret": true },
              "privateKey": { "type": "string", "title": "Private key", "x-secret": true }
            }
          },
          "environments": { "dev": { "baseUrl": "{config.issuer}" } },
          "network": { "allow": ["{config.issuer}"] },
          "auth": [
            {
              "id": "person", "type": "oauth2", "issuer": "{config.issuer}", "extra": { "prompt": "consent" }, "alwaysScopes": ["openid", "offline_access"],
              "scopes": { "api:read": { "en": "Read" }, "api:write": { "en": "Write" } }, "defaultScopes": ["api:read"]
            },
            { "id": "post", "type": "oauth2", "issuer": "{config.issuer}", "tokenAuth": "body", "extra": { "prompt": "consent" }, "alwaysScopes": ["openid", "offline_access"] },
            { "id": "public", "type": "oauth2", "issuer": "{config.issuer}", "tokenAuth": "none", "extra": { "prompt": "consent" }, "alwaysScopes": ["openid", "offline_access"] },
            { "id": "machine", "type": "oauth2", "grant": "client_credentials", "issuer": "{config.issuer}", "scopes": { "api:read": { "en": "Read" } } },
            {
              "id": "keyed", "type": "oauth2", "grant": "client_credentials", "issuer": "{config.issuer}", "tokenAuth": "private_key_jwt",
              "assertion": { "privateKey": "{config.privateKey}", "keyId": "k1" }
            },
            {
              "id": "service", "type": "jwt_bearer", "issuer": "{config.issuer}", "clientId": "{config.clientId}", "scopes": { "api:read": { "en": "Read" } },
              "assertion": { "issuer": "robot@example.com", "privateKey": "{config.privateKey}", "keyId": "k1", "audience": "{config.issuer}/token", "scopeIn": "claim" }
            }
          ],
          "operations": {
            "me": { "title": "Who am I", "http": { "method": "GET", "path": "/me" } },
            "machine": { "title": "Which client", "http": { "method": "GET", "path": "/api/me" } },
            "write": { "title": "Write", "scopes": ["api:write"], "http": { "method": "GET", "path": "/me" } }
          }
        }
        """;
}
