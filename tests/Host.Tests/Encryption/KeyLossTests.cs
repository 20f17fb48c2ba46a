using System.Text.Json;
using IntegrationHub.Host.Hosting;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Tests.Fakes;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Host.Tests.Encryption;

/// <summary>What the process does when the master key is lost, wrong, moved, or kept by a service: it ends with the right code and writes nothing, or serves on.</summary>
public sealed class KeyLossTests : IDisposable
{
    private readonly string data = HubProcess.NewDataFolder();
    private readonly string plugins;

    public KeyLossTests()
    {
        plugins = Path.Combine(data, "plugins.json");
        File.WriteAllText(plugins, JsonSerializer.Serialize(new { plugins = new[] { Repository.At("plugins", "stripe") } }));
    }

    private string KeyFile => Path.Combine(data, KeyFileSource.FileName);

    [Fact]
    public async Task KeyFileIsLost_EndsWith78_AndPutBackServesAgain()
    {
        var connection = await FillAsync();
        var saved = KeyFile + ".saved";
        File.Move(KeyFile, saved);

        await RefusesAsync(ExitCodes.ConfigurationError);
        Assert.False(File.Exists(KeyFile));

        // Not by giving another key either.
        await RefusesAsync(ExitCodes.ConfigurationError, "--Hub:MasterKey", SomeMasterKey.Text(5));

        File.Move(saved, KeyFile);
        await using var hub = await HubProcess.StartAsync(data, plugins);
        await UseAsync(hub, connection);
        Assert.Equal(0, await hub.StopAsync());
    }

    [Fact]
    public async Task MovedFromTheFileToASetting_AndToTheNextSetting_IsWrappedAnewByItself()
    {
        var connection = await FillAsync();
        await using (var moved = await StartAsync(5, "file"))
        {
            await UseAsync(moved, connection);
            await SettleAsync(moved);
            using var refused = await moved.Client.PostAsync(new Uri("/api/encryption/rotate", UriKind.Relative), null);
            Assert.Equal(409, (int)refused.StatusCode);
            Assert.Contains("HUB_MASTER_KEY_PREVIOUS", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            await moved.StopAsync();
        }

        File.Delete(KeyFile);
        await using (var next = await StartAsync(6, SomeMasterKey.Text(5)))
        {
            await UseAsync(next, connection);
            await SettleAsync(next);
            await next.StopAsync();
        }

        await using var last = await StartAsync(6, null);
        await UseAsync(last, connection);
        await last.StopAsync();
    }

    [Fact]
    public async Task KeyAtKms_IsAskedForAtTheStartAndAtARotationOnly()
    {
        await using var kms = await FakeKms.StartAsync();
        var variables = new Dictionary<string, string>
        {
            ["HUB_MASTER_KEY_SOURCE"] = "kms",
            ["HUB_KMS__KEY_ID"] = kms.CreateKey(),
            ["HUB_KMS__REGION"] = FakeKms.Region,
            ["HUB_KMS__ENDPOINT"] = kms.Address,
            ["HUB_ENCRYPTION__RETIRE_AFTER"] = "00:00:00.2",
            ["AWS_ACCESS_KEY_ID"] = FakeKms.AccessKey,
            ["AWS_SECRET_ACCESS_KEY"] = FakeKms.SecretKey,
        };
        string connection;
        await using (var hub = await HubProcess.StartAsync(data, plugins, variables: variables))
        {
            connection = await CreateAsync(hub);
            for (var i = 0; i < 20; i++)
                await UseAsync(hub, connection);

            Assert.Equal(["GenerateDataKey"], kms.Calls);
            await hub.PostAsync("/api/encryption/rotate", new { });
            await SettleAsync(hub);
            await UseAsync(hub, connection);
            Assert.Equal(["GenerateDataKey", "GenerateDataKey"], kms.Calls);

            // KMS may be down while the hub runs.
            kms.Fault = (500, "KMSInternalException");
            await UseAsync(hub, connection);
            using var refused = await hub.Client.PostAsync(new Uri("/api/encryption/rotate", UriKind.Relative), null);
            Assert.Equal(503, (int)refused.StatusCode);
            await UseAsync(hub, connection);
            await hub.StopAsync();
        }

        var down = await Assert.ThrowsAsync<InvalidOperationException>(() => HubProcess.StartAsync(data, plugins, variables: variables));
        Assert.Contains("Starting again may help", down.Message, StringComparison.Ordinal);
        kms.Fault = null;
        await using var again = await HubProcess.StartAsync(data, plugins, variables: variables);
        await UseAsync(again, connection);
        Assert.False(File.Exists(KeyFile));
        Assert.DoesNotContain(FakeKms.SecretKey, again.Output, StringComparison.Ordinal);
        await again.StopAsync();
    }

    public void Dispose() => Directory.Delete(data, recursive: true);

    private Task<HubProcess> StartAsync(byte key, string? previous)
    {
        var variables = new Dictionary<string, string> { ["HUB_MASTER_KEY"] = SomeMasterKey.Text(key), ["HUB_ENCRYPTION__RETIRE_AFTER"] = "00:00:00.2" };
        if (previous is not null)
            variables["HUB_MASTER_KEY_PREVIOUS"] = previous;

        return HubProcess.StartAsync(data, plugins, variables: variables);
    }

    private async Task<string> FillAsync()
    {
        await using var hub = await HubProcess.StartAsync(data, plugins);
        var connection = await CreateAsync(hub);
        await UseAsync(hub, connection);
        Assert.Equal(0, await hub.StopAsync());
        return connection;
    }

    private static Task<string> CreateAsync(HubProcess hub) => hub.CreateStripeConnectionAsync();

    /// <summary>A rotation of a secret field opens the others. Each time another value, so that there is something to do.</summary>
    private static Task<JsonElement> UseAsync(HubProcess hub, string connection) =>
        hub.PostAsync($"/api/connections/{connection}/rotate", new { config = new { secretKey = HubApi.StripeKey + Guid.NewGuid().ToString("N") }, overlap = "1h" });

    private static Task<JsonElement> SettleAsync(HubProcess hub) => hub.EventuallyAsync(
        "/api/encryption", status => status.GetProperty("rotation").GetProperty("state").GetString() == "idle" && status.GetProperty("former").GetArrayLength() == 0);

    /// <summary>The hub does not start, and leaves the database as it was.</summary>
    private async Task RefusesAsync(int code, params string[] more)
    {
        var before = await RowsAsync();
        string[] args = ["--data", data, "--plugins", plugins, "--urls", "http://127.0.0.1:0", "--Serilog:MinimumLevel:Default", "Fatal", .. more];

        Assert.Equal(code, await HubProgram.RunAsync(() => HubApp.Build(args)).WaitAsync(TimeSpan.FromMinutes(3)));

        Assert.Equal(before, await RowsAsync());
    }

    /// <summary>Rows of every table.</summary>
    private async Task<string> RowsAsync()
    {
        await using var storage = await Storage.Sqlite.SqliteHarness.OpenAsync(data);
        return await storage.ReadAsync(
            session => string.Join('\n', session.Query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name", row => row.GetString(0))
                .Select(table => $"{table} {session.First($"SELECT COUNT(*) FROM {table}", row => row.GetInt64(0))}")),
            CancellationToken.None);
    }
}
