using System.Collections.Concurrent;
using System.Text.Json;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Health;
using IntegrationHub.Host.Operations;
using IntegrationHub.Host.Tests.Fakes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Host.Tests.Capabilities;

/// <summary>
/// The whole hub with made-up providers on loopback: <c>gulf-text</c> (SMS, market SA), <c>world-text</c> (SMS, every market), <c>chat</c> (WhatsApp) and <c>till</c> (payments in SAR).
/// What a provider answers is what the test says; what it was asked is kept.
/// </summary>
public sealed class CapabilityHub : IAsyncLifetime
{
    private readonly string plugins = Directory.CreateTempSubdirectory("hub-capabilities-").FullName;
    private WebApplication? provider;
    private RealHub? hub;

    internal HttpClient Client { get; private set; } = null!;

    /// <summary>Status and body by provider; 200 with an id otherwise.</summary>
    internal ConcurrentDictionary<string, (int Status, string Json)> Answers { get; } = new();

    /// <summary>Who was asked what, in order.</summary>
    internal ConcurrentQueue<(string Provider, JsonElement Body)> Asked { get; } = new();

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        provider = builder.Build();
        provider.Urls.Add("http://127.0.0.1:0");
        provider.MapPost("/{id}/messages", AnswerAsync);
        await provider.StartAsync();

        string[] folders =
        [
            Plugin("gulf-text", "\"markets\": [\"SA\", \"AE\"],", "sms.send", """{ "recipient": "{params.to}", "body": "{params.text}" }"""),
            Plugin("world-text", "\"markets\": [\"*\"],", "sms.send", """{ "recipient": "{params.to}", "body": "{params.text}" }"""),
            Plugin("chat", "", "whatsapp.send", """{ "recipient": "{params.to}", "body": "{params.text}" }"""),
            Plugin("till", "\"currencies\": [\"sar\"],", "payment.create", """{ "recipient": "{params.currency|upper}", "body": "{params.amountMinor}" }"""),
        ];
        hub = new RealHub(folders);
        await hub.InitializeAsync();
        Client = await hub.AdminAsync();
    }

    /// <summary>A project of its own, so that tests do not meet.</summary>
    internal async Task<string> ConnectAsync(string project, string id, string alias = "default")
    {
        var answer = await Client.SendAsync("POST", "/api/connections", $$"""
            { "provider": "{{id}}", "project": "{{project}}", "environment": "prod", "alias": "{{alias}}", "overrides": { "baseUrl": "{{provider!.Urls.First()}}/{{id}}" } }
            """);
        Assert.True(answer.Status == 201, answer.Text);
        return answer["id"]!;
    }

    /// <summary>Has a connection's tests come out as the code says: <c>ok</c>, or the code of an error.</summary>
    internal async Task TestedAsync(string connectionId, string result)
    {
        var connection = await hub!.Services.GetRequiredService<IConnectionResolver>().FindAsync(connectionId, CancellationToken.None);
        var error = result == "ok" ? null : new ConnectionTestError(result, "It said so.", null, null);
        await hub.Services.GetRequiredService<HealthMonitor>().TestedAsync(connection!, [new ConnectionTestResult("t", error is null, 1, error)], "corr-1", CancellationToken.None);
    }

    internal Task<Answer> RunAsync(string capability, string json, string? key = null) => Client.SendAsync("POST", $"/api/capabilities/{capability}", json, idempotencyKey: key);

    internal Task<HttpClient> AdminAsync(params string[] projects) => hub!.AdminAsync(projects);

    public async Task DisposeAsync()
    {
        Client.Dispose();
        await hub!.DisposeAsync();
        await provider!.DisposeAsync();
        Directory.Delete(plugins, recursive: true);
    }

    private string Plugin(string id, string more, string capability, string parameters)
    {
        var folder = Directory.CreateDirectory(Path.Combine(plugins, id)).FullName;
        File.WriteAllText(Path.Combine(folder, "manifest.json"), $$"""
            {
              "manifestVersion": 1, "id": "{{id}}", "name": "{{id}}", "version": "1.0.0", "category": "messaging", "hostApi": "[1.0,2.0)", {{more}}
              "environments": { "prod": { "baseUrl": "https://{{id}}.example.com" } }, "network": { "allow": ["{{id}}.example.com"] },
              "retry": { "maxAttempts": 1 },
              "operations": {
                "send": {
                  "params": { "type": "object", "required": ["recipient", "body"], "properties": { "recipient": { "type": "string" }, "body": {} } },
                  "http": { "method": "POST", "path": "/messages", "body": "json" },
                  "response": { "errors": { "code": "/code", "message": "/message", "declined": ["declined"] } },
                  "implements": { "capability": "{{capability}}", "params": {{parameters}}, "result": { "id": "{result.id}", "status": "{result.state|map:done=sent,*=queued}" } }
                }
              }
            }
            """);
        return folder;
    }

    private async Task AnswerAsync(string id, HttpContext context)
    {
        Asked.Enqueue((id, (await JsonDocument.ParseAsync(context.Request.Body)).RootElement.Clone()));
        var (status, json) = Answers.GetValueOrDefault(id, (200, $$"""{ "id": "{{id}}-1", "state": "done" }"""));
        if (status == 0)
        {
            // The request has arrived, and no answer comes.
            context.Abort();
            return;
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(json);
    }
}
