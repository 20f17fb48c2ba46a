using System.Net;
using System.Net.Http.Json;
using System.Text;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Contract.Tests.Hub;

/// <summary>After a run with known secrets, none of them stands in clear anywhere: no file, no log line, no answer.</summary>
public sealed class SecretLeakTests
{
    private static readonly string ApiKey = "sk_" + "test_" + "knownsecretvalue0123456789";
    private static readonly string WebhookSecret = "whsec_" + "knownwebhooksecret0123456789";
    private static readonly string Rotated = "whsec_" + "rotatedwebhooksecret98765432";

    [Fact]
    public async Task RunWithKnownSecrets_LeavesNoneInClear()
    {
        // A provider that echoes what it was given, in an error and in a result.
        await using var echo = await EchoProvider.StartAsync();
        await using var receiver = await Receiver.StartAsync();
        await using var hub = await HubProcess.StartAsync(variables: new Dictionary<string, string> { ["Serilog__MinimumLevel__Default"] = "Debug", ["Serilog__MinimumLevel__Override__Microsoft"] = "Debug" });
        var answers = new StringBuilder();

        async Task KeepAsync(Task<HttpResponseMessage> sent)
        {
            using var answer = await sent;
            answers.Append(answer.Headers).Append(await answer.Content.ReadAsStringAsync()).AppendLine();
        }

        var connection = await hub.CreateConnectionAsync("stripe", new { secretKey = ApiKey, webhookSecret = WebhookSecret }, echo.Address.ToString());
        var (subscription, signing) = await hub.SubscribeAsync("stripe.**", receiver.Address);
        await KeepAsync(hub.Client.GetAsync(new Uri("/api/connections", UriKind.Relative)));
        await KeepAsync(hub.Client.GetAsync(new Uri($"/api/connections/{connection}", UriKind.Relative)));
        await KeepAsync(hub.Client.GetAsync(new Uri($"/api/subscriptions/{subscription}", UriKind.Relative)));
        await KeepAsync(hub.Client.PostAsJsonAsync($"/api/connections/{connection}/operations/retrieveBalance", new { @params = new { } }));
        echo.Status = 400;
        await KeepAsync(hub.Client.PostAsJsonAsync($"/api/connections/{connection}/operations/retrieveBalance", new { @params = new { } }));
        await KeepAsync(hub.Client.PostAsJsonAsync($"/api/connections/{connection}/test", new { }));
        await KeepAsync(hub.Client.PostAsJsonAsync($"/api/connections/{connection}/rotate", new { config = new { webhookSecret = Rotated } }));
        await KeepAsync(hub.Client.PostAsJsonAsync("/api/connections", new { provider = "stripe", alias = "bad", config = new { secretKey = ApiKey, webhookSecret = ApiKey } }));
        foreach (var secret in new[] { WebhookSecret, Rotated, "whsec_" + "wrong" })
            await KeepAsync(hub.Client.SendAsync(HubApi.StripeWebhook(hub.Address, connection, HubApi.StripeEvent("evt_" + secret.Length), secret)));

        await receiver.NextAsync();
        await KeepAsync(hub.Client.GetAsync(new Uri("/api/audit", UriKind.Relative)));
        await KeepAsync(hub.Client.GetAsync(new Uri("/api/deliveries", UriKind.Relative)));
        await hub.StopAsync();

        Assert.True(echo.Calls >= 3);
        string[] secrets = [ApiKey, WebhookSecret, Rotated, signing, hub.AdminKey];
        foreach (var secret in secrets)
        {
            Assert.DoesNotContain(secret, answers.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain(secret, hub.Output, StringComparison.Ordinal);
            foreach (var file in Directory.EnumerateFiles(hub.Data, "*", SearchOption.AllDirectories))
                Assert.True((await File.ReadAllBytesAsync(file)).AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) < 0, $"{Path.GetFileName(file)} holds a secret in clear.");
        }

        hub.DeleteData();
    }

    private sealed class EchoProvider : IAsyncDisposable
    {
        private readonly HttpListener listener = new();
        private int calls;

        public Uri Address { get; private init; } = null!;

        public int Status { get; set; } = 200;

        public int Calls => calls;

        public static Task<EchoProvider> StartAsync()
        {
            var address = new Uri($"http://127.0.0.1:{HubProcess.FreePort()}/");
            var provider = new EchoProvider { Address = address };
            provider.listener.Prefixes.Add(address.ToString());
            provider.listener.Start();
            _ = provider.ServeAsync();
            return Task.FromResult(provider);
        }

        public ValueTask DisposeAsync()
        {
            listener.Close();
            return ValueTask.CompletedTask;
        }

        private async Task ServeAsync()
        {
            while (listener.IsListening)
            {
                HttpListenerContext context;
                try
                {
                    context = await listener.GetContextAsync();
                }
                catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }

                Interlocked.Increment(ref calls);
                var sent = context.Request.Headers["Authorization"]!;
                var body = Encoding.UTF8.GetBytes(
                    $$"""{"object":"balance","echo":"{{sent}}","error":{"type":"invalid_request_error","code":"api_key_invalid","message":"Invalid API key provided: {{sent}}" } }""");
                context.Response.StatusCode = Status;
                context.Response.ContentType = "application/json";
                await context.Response.OutputStream.WriteAsync(body);
                context.Response.Close();
            }
        }
    }
}
