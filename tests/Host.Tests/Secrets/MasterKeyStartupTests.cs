using IntegrationHub.Host.Secrets;
using IntegrationHub.Host.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace IntegrationHub.Host.Tests.Secrets;

public sealed class MasterKeyStartupTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hub-keys-").FullName;
    private readonly HubOptions options;
    private readonly Rows rows = new();

    public MasterKeyStartupTests() => options = new HubOptions { Data = folder };

    private string KeyFile => Path.Combine(folder, KeyFileSource.FileName);

    [Fact]
    public async Task FirstStart_MakesAKey()
    {
        var ring = await StartAsync();

        Assert.True(File.Exists(KeyFile));
        Assert.Equal(ring.Current.Id, (await StartAsync()).Current.Id);
        Assert.Equal([ring.Current.Id, ring.Current.Id], rows.Revived);
    }

    [Fact]
    public async Task FileIsGone_DataIsThere_RefusesAndMakesNoKey()
    {
        rows.Add(SomeMasterKey.Of(1).Id, 12);

        var fault = await Assert.ThrowsAsync<MasterKeyException>(StartAsync);

        Assert.False(File.Exists(KeyFile));
        Assert.Empty(rows.Revived);
        Assert.Contains($"{SomeMasterKey.Of(1).Id} (12 of 12 encrypted rows)", fault.Message, StringComparison.Ordinal);
        Assert.Contains($"There is no key in the key file '{KeyFile}'", fault.Message, StringComparison.Ordinal);
        Assert.Contains("backup of master.key", fault.Message, StringComparison.Ordinal);
        Assert.Contains("docs/operating.md", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FileHoldsAnother_RefusesAndNamesBoth()
    {
        await WriteFileAsync(2);
        rows.Add(SomeMasterKey.Of(1).Id, 3);

        var fault = await Assert.ThrowsAsync<MasterKeyException>(StartAsync);

        Assert.Contains(SomeMasterKey.Of(1).Id, fault.Message, StringComparison.Ordinal);
        Assert.Contains($"is {SomeMasterKey.Of(2).Id}", fault.Message, StringComparison.Ordinal);
        Assert.Empty(rows.Revived);
    }

    [Fact]
    public async Task SettingIsAnother_SaysThatTheFileHasTheRightOne()
    {
        await WriteFileAsync(1);
        rows.Add(SomeMasterKey.Of(1).Id, 3);
        options.MasterKey = SomeMasterKey.Text(2);

        var fault = await Assert.ThrowsAsync<MasterKeyException>(StartAsync);

        Assert.Contains(KeyFile, fault.Message, StringComparison.Ordinal);
        Assert.Contains("HUB_MASTER_KEY_PREVIOUS=file", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(SomeMasterKey.Text(1), fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(SomeMasterKey.Text(2), fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OneOfSeveralIsMissing_Refuses()
    {
        await WriteFileAsync(1);
        rows.Add(SomeMasterKey.Of(1).Id, 5);
        rows.Add(SomeMasterKey.Of(2).Id, 1);

        var fault = await Assert.ThrowsAsync<MasterKeyException>(StartAsync);

        Assert.Contains($"{SomeMasterKey.Of(2).Id} (1 of 6 encrypted rows)", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NewSettingAndThePreviousOne_BothOpen()
    {
        rows.Add(SomeMasterKey.Of(1).Id, 3);
        options.MasterKey = SomeMasterKey.Text(2);
        options.MasterKeyPrevious = $" {SomeMasterKey.Text(1)}, {SomeMasterKey.Text(3)} ";

        var ring = await StartAsync();

        Assert.Equal(SomeMasterKey.Of(2).Id, ring.Current.Id);

        // The third key opens nothing, so it is not kept.
        Assert.Equal([SomeMasterKey.Of(1).Id], ring.FormerIds);
    }

    [Fact]
    public async Task PreviousIsTheFile_MovesFromTheFileToTheSetting()
    {
        await WriteFileAsync(1);
        rows.Add(SomeMasterKey.Of(1).Id, 3);
        options.MasterKey = SomeMasterKey.Text(2);
        options.MasterKeyPrevious = "file";

        Assert.Equal([SomeMasterKey.Of(2).Id, SomeMasterKey.Of(1).Id], (await StartAsync()).All.Select(key => key.Id));
    }

    [Fact]
    public async Task PreviousIsASetting_MovesToANewFile()
    {
        rows.Add(SomeMasterKey.Of(1).Id, 3);
        options.MasterKeyPrevious = SomeMasterKey.Text(1);

        var ring = await StartAsync();

        Assert.True(File.Exists(KeyFile));
        Assert.Equal([SomeMasterKey.Of(1).Id], ring.FormerIds);
    }

    [Theory]
    [InlineData("nonsense", null, "file, setting or kms")]
    [InlineData("setting", null, "HUB_MASTER_KEY")]
    [InlineData("kms", null, "Hub:Kms:KeyId")]
    [InlineData("file", "given", "Remove one")]
    public async Task SettingsThatContradict_SaySo(string source, string? key, string says)
    {
        options.MasterKeySource = source;
        options.MasterKey = key is null ? null : SomeMasterKey.Text();

        Assert.Contains(says, (await Assert.ThrowsAsync<MasterKeyException>(StartAsync)).Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private async Task<MasterKeyRing> StartAsync()
    {
        var sources = new MasterKeySources(Options.Create(options), Options.Create(new KmsOptions()), NullLoggerFactory.Instance);
        var ring = new MasterKeyRing();
        await new MasterKeyStartup(ring, sources.Configured(), sources, rows, Options.Create(options), NullLogger<MasterKeyStartup>.Instance).InitializeAsync(CancellationToken.None);
        return ring;
    }

    private async Task WriteFileAsync(byte seed)
    {
        await File.WriteAllTextAsync(KeyFile, SomeMasterKey.Text(seed) + "\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private sealed class Rows : IWrappedKeyStore
    {
        private readonly Dictionary<string, long> counts = [];

        public List<string> Revived { get; } = [];

        public void Add(string masterKeyId, long count) => counts[masterKeyId] = count;

        public Task<IReadOnlyDictionary<string, long>> CountAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyDictionary<string, long>>(counts);

        public Task<IReadOnlyList<WrappedKeyRow>> ListAsync(string masterKeyId, WrappedKeyRow? after, int limit, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<int> ReplaceAsync(IReadOnlyList<Rewrapping> rows, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<bool> TryRetireAsync(string masterKeyId, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task ReviveAsync(string masterKeyId, CancellationToken cancellationToken)
        {
            Revived.Add(masterKeyId);
            return Task.CompletedTask;
        }
    }
}
