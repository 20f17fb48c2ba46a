using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Host.Tests.Plugins.Containment;

/// <summary>A plugin that does nothing wrong and is called all the time, by two callers.</summary>
internal sealed class Neighbour : IAsyncDisposable
{
    private readonly HubProcess hub;
    private readonly string connection;
    private readonly CancellationTokenSource stop = new();
    private readonly Task serving;
    private int served;

    private Neighbour(HubProcess hub, string connection)
    {
        this.hub = hub;
        this.connection = connection;
        serving = Task.WhenAll(ServeAsync(), ServeAsync());
    }

    public int Served => Volatile.Read(ref served);

    public ConcurrentQueue<string> Failed { get; } = new();

    public static async Task<Neighbour> StartAsync(HubProcess hub, string plugin) => new(hub, await hub.CreateConnectionAsync(plugin, new { }));

    /// <summary>One more call, now.</summary>
    public async Task CallAsync()
    {
        using var answer = await hub.Client.PostAsJsonAsync($"/api/connections/{connection}/operations/run", new { @params = new { } });
        if ((int)answer.StatusCode == 200 && (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("result").ValueKind == JsonValueKind.True)
            Interlocked.Increment(ref served);
        else
            Failed.Enqueue(await answer.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await serving;
        stop.Dispose();
    }

    private async Task ServeAsync()
    {
        while (!stop.IsCancellationRequested)
            await CallAsync();
    }
}
