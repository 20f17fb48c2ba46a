using IntegrationHub.Adapters;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Manifests;
using IntegrationHub.Schemas;

namespace IntegrationHub.Host.Tests.Catalog;

public sealed class ProviderCatalogTests
{
    private readonly ProviderCatalog catalog = new();

    [Fact]
    public async Task Replace_FormerInUse_DrainsWithItsLastLease()
    {
        var former = Provider("a");
        await catalog.Replace(former);
        using var one = catalog.Acquire("a")!;
        using var two = catalog.Acquire("a")!;

        var next = Provider("a");
        var drained = catalog.Replace(next);
        Assert.Same(next, catalog.Find("a"));
        using var three = catalog.Acquire("a")!;
        Assert.Same(next, three.Provider);
        Assert.Same(former, one.Provider);

        one.Dispose();
        one.Dispose(); // a second disposal of one lease must not release another's
        Assert.False(drained.IsCompleted);
        two.Dispose();
        await drained.WaitAsync(TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task Replace_NothingInUse_IsDrainedAtOnce()
    {
        Assert.True(catalog.Replace(Provider("a")).IsCompletedSuccessfully);
        await catalog.Replace(Provider("a"));
        await catalog.Remove("a");
        await catalog.Remove("a");
        Assert.Null(catalog.Acquire("a"));
        Assert.Null(catalog.Find("a"));
        Assert.Empty(catalog.All);
    }

    [Fact]
    public async Task Acquire_WhileBeingReplaced_NeverGetsNothingAndEveryFormerDrains()
    {
        await catalog.Replace(Provider("a"));
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            var taken = 0;
            while (!stop.IsCancellationRequested)
            {
                using var lease = catalog.Acquire("a");
                Assert.NotNull(lease);
                taken++;
            }

            return taken;
        })).ToArray();

        List<Task> drained = [];
        for (var i = 0; i < 2000; i++)
            drained.Add(catalog.Replace(Provider("a")));

        await stop.CancelAsync();
        await Task.WhenAll(readers);
        await Task.WhenAll(drained).WaitAsync(TimeSpan.FromMinutes(2));
    }

    [Theory]
    [InlineData("capability=file.put", true)]
    [InlineData("capability=file.put,file.get", false)]
    [InlineData("category=Storage", true)]
    [InlineData("market=sa", true)]
    [InlineData("market=us", false)]
    [InlineData("currency=SAR", true)]
    [InlineData("language=ar", true)]
    [InlineData("language=a", false)]
    [InlineData("q=تخزين", true)]
    [InlineData("q=put test", true)]
    [InlineData("q=put nothing", false)]
    public void Search_OneCondition_Holds(string condition, bool found)
    {
        var (name, value) = (condition.Split('=')[0], condition.Split('=')[1]);
        var search = name switch
        {
            "capability" => new ProviderSearch { Capabilities = value.Split(',') },
            "category" => new ProviderSearch { Category = value },
            "market" => new ProviderSearch { Market = value },
            "currency" => new ProviderSearch { Currency = value },
            "language" => new ProviderSearch { Language = value },
            _ => new ProviderSearch { Text = value },
        };

        Assert.Equal(found, search.Matches(new ProviderManifest
        {
            ManifestVersion = 1, Id = "test", Name = "Test", Version = "1.0.0", Category = "storage", Markets = ["SA"], Currencies = ["sar"], Languages = ["ar-SA"],
            Description = new LocalizedText(new Dictionary<string, string> { ["en"] = "Store", ["ar"] = "تخزين" }),
            Operations = new Dictionary<string, OperationManifest> { ["putIt"] = new() { Implements = new() { Capability = "file.put" } } },
        }));
    }

    private static LoadedProvider Provider(string id) => new()
    {
        Manifest = new ProviderManifest { ManifestVersion = 1, Id = id, Name = id, Version = "1.0.0", Category = "developer" },
        ManifestJson = default,
        Adapter = new RestAdapter(),
        Config = SchemaValidator.Compile(System.Text.Json.JsonElement.Parse("{}")),
        Parameters = new Dictionary<string, Lazy<SchemaValidator>>(),
        SecretFields = new HashSet<string>(),
    };
}
