using System.Collections.Concurrent;
using System.Text.Json;
using IntegrationHub.Tests.Support;
using Xunit.Abstractions;

namespace IntegrationHub.Contract.Tests.Hub;

/// <summary>Nothing acknowledged is lost: the process is killed without warning while many clients send, again and again.</summary>
public sealed class CrashTests(ITestOutputHelper output)
{
    private const int Rounds = 20;
    private const int Clients = 16;
    private const int Seed = 20_260_101;

    [Fact]
    public async Task KilledUnderLoad_TwentyTimes_LosesNothingAcknowledged()
    {
        await using var receiver = await Receiver.StartAsync();
        var random = new Random(Seed);
        var acknowledged = new ConcurrentDictionary<string, byte>();
        var data = HubProcess.NewDataFolder();
        var port = HubProcess.FreePort();
        var connection = "";
        for (var round = 0; round < Rounds; round++)
        {
            await using var hub = await HubProcess.StartAsync(data, port: port);
            if (round == 0)
            {
                connection = await hub.CreateStripeConnectionAsync();
                await hub.SubscribeAsync("stripe.**", receiver.Address);
            }

            var killAfter = random.Next(20, 400);
            var sent = 0;
            var reached = new TaskCompletionSource();
            var senders = Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
            {
                for (var i = 0; !hub.HasExited; i++)
                {
                    var id = $"evt_{round}_{client}_{i}";
                    try
                    {
                        using var request = HubApi.StripeWebhook(hub.Address, connection, HubApi.StripeEvent(id));
                        using var answer = await hub.Client.SendAsync(request);
                        if (answer.IsSuccessStatusCode)
                            acknowledged[id] = 0;
                    }
                    catch (HttpRequestException)
                    {
                        return;
                    }

                    if (Interlocked.Increment(ref sent) == killAfter)
                        reached.TrySetResult();
                }
            })).ToList();
            await reached.Task.WaitAsync(TimeSpan.FromSeconds(60));
            await hub.KillAsync();
            await Task.WhenAll(senders);
        }

        await using var last = await HubProcess.StartAsync(data, port: port);
        var stored = (await last.ListAsync("/api/events")).Select(item => item.GetProperty("providerEventId").GetString()!).ToList();
        var lost = acknowledged.Keys.Except(stored).ToList();
        Assert.Empty(lost);
        Assert.Equal(stored.Count, stored.Distinct().Count());

        // Deliveries that were leased when the process died are taken over once their lease runs out.
        var delivered = new HashSet<string>();
        while (acknowledged.Keys.Any(id => !delivered.Contains(id)))
        {
            var request = await receiver.NextAsync(TimeSpan.FromMinutes(3));
            using var envelope = JsonDocument.Parse(request.Body);
            delivered.Add(envelope.RootElement.GetProperty("providereventid").GetString()!);
        }

        output.WriteLine($"{acknowledged.Count} acknowledged, {stored.Count} stored, {delivered.Count} delivered, {receiver.Received.Count - delivered.Count} deliveries repeated, {Rounds} kills, seed {Seed}");
        await last.StopAsync();
        last.DeleteData();
    }
}
