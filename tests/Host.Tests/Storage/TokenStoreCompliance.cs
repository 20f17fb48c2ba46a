using IntegrationHub.Host.Connections.OAuth;

namespace IntegrationHub.Host.Tests.Storage;

public abstract class TokenStoreCompliance : StoreCompliance
{
    private ITokenStore Store => Storage.Tokens;

    [Fact]
    public async Task TrySaveAsync_EveryField_IsKept()
    {
        var record = await SomeRecordAsync(one => one with
        {
            ByPerson = true, Scopes = ["read", "قراءة"], AccountId = "acc-1", ObtainedAt = Some.Time(), ExpiresAt = Some.Time(), RefreshAt = Some.Time(), GrantEndsAt = Some.Time(),
            State = TokenState.ReauthorizationRequired, Fault = new TokenFault("invalid_grant", "It's over.", Some.Time(), 3), RetryAt = Some.Time(), LastRefreshAt = Some.Time(),
        });

        Assert.True(await Store.TrySaveAsync(record, None));
        AssertSame(record, (await Store.GetAsync(record.ConnectionId, None))!);
    }

    [Fact]
    public async Task TrySaveAsync_NothingButWhatIsRequired_IsKept()
    {
        var record = await SomeRecordAsync(one => one with { Sealed = null });

        Assert.True(await Store.TrySaveAsync(record, None));
        AssertSame(record, (await Store.GetAsync(record.ConnectionId, None))!);
        Assert.Null((await Store.GetAsync(record.ConnectionId, None))!.Scopes);
    }

    [Fact]
    public async Task TrySaveAsync_FromAStaleCopy_ChangesNothing()
    {
        var record = await SomeRecordAsync();
        Assert.True(await Store.TrySaveAsync(record, None));
        Assert.True(await Store.TrySaveAsync(record with { Version = 2, AccountId = "second" }, None));

        Assert.False(await Store.TrySaveAsync(record, None));
        Assert.False(await Store.TrySaveAsync(record with { Version = 2, AccountId = "late" }, None));
        Assert.False(await Store.TrySaveAsync(record with { Version = 4 }, None));
        Assert.Equal("second", (await Store.GetAsync(record.ConnectionId, None))!.AccountId);
    }

    [Fact]
    public async Task TrySaveAsync_ManyAtOnce_OneWins()
    {
        var record = await SomeRecordAsync();
        await Store.TrySaveAsync(record, None);

        var won = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => Task.Run(() => Store.TrySaveAsync(record with { Version = 2 }, None))));

        Assert.Single(won, static one => one);
    }

    [Fact]
    public async Task TrySaveAsync_NoSuchConnection_IsRefused()
    {
        var record = await SomeRecordAsync();

        Assert.False(await Store.TrySaveAsync(record with { ConnectionId = "conn_none" }, None));
        Assert.False(await Store.TrySaveAsync(record with { ConnectionId = "conn_none", Version = 2 }, None));
    }

    [Fact]
    public async Task Connection_Deleted_TakesItsTokensAlong()
    {
        var record = await SomeRecordAsync();
        await Store.TrySaveAsync(record, None);
        await Storage.PendingAuthorizations.AddAsync(SomePending(record.ConnectionId, 1), None);
        await Storage.Connections.DeleteAsync(record.ConnectionId, None);

        Assert.Null(await Store.GetAsync(record.ConnectionId, None));
        Assert.Null(await Storage.PendingAuthorizations.FindByHandleAsync(Hash(1), None));
    }

    [Fact]
    public async Task Connection_Updated_KeepsItsTokens()
    {
        var record = await SomeRecordAsync();
        await Store.TrySaveAsync(record, None);
        var connection = (await Storage.Connections.GetAsync(record.ConnectionId, None))!;
        await Storage.Connections.UpdateAsync(connection with { Alias = "other", Version = 2 }, None);

        Assert.NotNull(await Store.GetAsync(record.ConnectionId, None));
    }

    [Fact]
    public async Task ListAsync_SomeOfMany_AnswersThose()
    {
        var first = await SomeRecordAsync();
        var second = await SomeRecordAsync();
        var third = await SomeRecordAsync();
        foreach (var record in new[] { first, second, third })
            await Store.TrySaveAsync(record, None);

        var found = await Store.ListAsync([third.ConnectionId, first.ConnectionId, "'; DROP TABLE oauth_tokens; --"], None);

        Assert.Equal(new[] { first.ConnectionId, third.ConnectionId }.Order(StringComparer.Ordinal), found.Select(record => record.ConnectionId).Order(StringComparer.Ordinal));
        Assert.Empty(await Store.ListAsync([], None));
    }

    [Fact]
    public async Task ListDueAsync_OnlyWhatIsDueAndMayBeTried_WhoseTurnCameFirst()
    {
        var now = Some.Start.AddDays(1);
        var failing = await DueAsync(one => one with { RefreshAt = now.AddMinutes(-9), RetryAt = now });
        var late = await DueAsync(one => one with { RefreshAt = now.AddMinutes(-1) });
        var longPaused = await DueAsync(one => one with { RefreshAt = now.AddMinutes(-2), RetryAt = now.AddMinutes(-8) });
        await DueAsync(one => one with { RefreshAt = now.AddTicks(1) });
        await DueAsync(one => one with { RefreshAt = now, RetryAt = now.AddTicks(1) });
        await DueAsync(one => one with { RefreshAt = now, State = TokenState.ReauthorizationRequired });
        await DueAsync(one => one with { RefreshAt = now, ByPerson = false });
        await DueAsync(one => one);

        Assert.Equal([longPaused, late, failing], (await Store.ListDueAsync(now, [], 10, None)).Select(record => record.ConnectionId));
        Assert.Equal([longPaused, late], (await Store.ListDueAsync(now, [], 2, None)).Select(record => record.ConnectionId));
        Assert.Equal([late, failing], (await Store.ListDueAsync(now, [longPaused, "'; DROP TABLE oauth_tokens; --"], 2, None)).Select(record => record.ConnectionId));

        async Task<string> DueAsync(Func<TokenRecord, TokenRecord> change)
        {
            var record = await SomeRecordAsync(one => change(one with { ByPerson = true }));
            Assert.True(await Store.TrySaveAsync(record, None));
            return record.ConnectionId;
        }
    }

    [Fact]
    public async Task DeleteAsync_TellsWhetherItWasThere()
    {
        var record = await SomeRecordAsync();
        await Store.TrySaveAsync(record, None);

        Assert.True(await Store.DeleteAsync(record.ConnectionId, None));
        Assert.False(await Store.DeleteAsync(record.ConnectionId, None));
        Assert.True(await Store.TrySaveAsync(record, None));
    }

    [Fact]
    public async Task Pending_OpenedOnceAndTakenOnce()
    {
        var store = Storage.PendingAuthorizations;
        var connection = (await SomeRecordAsync()).ConnectionId;
        await store.AddAsync(SomePending(connection, 1), None);

        Assert.Null(await store.FindByHandleAsync(Hash(2), None));
        Assert.Equal("https://hub.example/oauth/callback", (await store.FindByHandleAsync(Hash(1), None))!.RedirectUri);
        var opened = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => store.TryOpenAsync(Hash(1), Hash((byte)(100 + i)), Hash(3), [9, 9], "https://issuer.example", true, None))));
        Assert.Single(opened, static one => one);
        Assert.Null(await store.FindByHandleAsync(Hash(1), None));

        var state = Hash((byte)(100 + Array.IndexOf(opened, true)));
        var taken = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => store.TakeAsync(state, None))));
        var flow = Assert.Single(taken, static one => one is not null)!;
        Assert.Equal(Hash(3), flow.SessionHash);
        Assert.Equal([9, 9], flow.SealedVerifier);
        Assert.Equal(("https://issuer.example", true, "/back", "key_1"), (flow.Issuer, flow.IssuerRequired, flow.ReturnUrl, flow.Actor));
        Assert.Equal(["read"], flow.Scopes);
    }

    [Fact]
    public async Task Pending_NotOpened_CannotBeTaken()
    {
        var store = Storage.PendingAuthorizations;
        await store.AddAsync(SomePending((await SomeRecordAsync()).ConnectionId, 1), None);

        Assert.Null(await store.TakeAsync(Hash(1), None));
        Assert.Null(await store.TakeAsync([], None));
    }

    [Fact]
    public async Task Pending_Ended_IsPurged()
    {
        var store = Storage.PendingAuthorizations;
        var connection = (await SomeRecordAsync()).ConnectionId;
        await store.AddAsync(SomePending(connection, 1), None);
        await store.AddAsync(SomePending(connection, 2) with { ExpiresAt = Some.Start.AddDays(2) }, None);

        Assert.Equal(1, await store.PurgeAsync(Some.Start.AddDays(1), None));
        Assert.Equal(0, await store.PurgeAsync(Some.Start.AddDays(1), None));
        Assert.NotNull(await store.FindByHandleAsync(Hash(2), None));
    }

    private static byte[] Hash(byte value) => [.. Enumerable.Repeat(value, 32)];

    private static PendingAuthorization SomePending(string connection, byte handle) => new()
    {
        HandleHash = Hash(handle), ConnectionId = connection, AuthId = "oauth2", Binding = Hash(7), Scopes = ["read"], RedirectUri = "https://hub.example/oauth/callback",
        ReturnUrl = "/back", Actor = "key_1", ActorName = "CI", CorrelationId = "corr-1", ExpiresAt = Some.Start.AddDays(1),
    };

    private static void AssertSame(TokenRecord expected, TokenRecord actual)
    {
        Assert.Equal(expected.Binding, actual.Binding);
        Assert.Equal(expected.Sealed, actual.Sealed);
        Assert.Equal(expected.Scopes, actual.Scopes);
        Assert.Equal(expected with { Binding = [], Sealed = null, Scopes = null }, actual with { Binding = [], Sealed = null, Scopes = null }, new WithoutBinding());
    }

    private async Task<TokenRecord> SomeRecordAsync(Func<TokenRecord, TokenRecord>? change = null)
    {
        var connection = Some.Connection(alias: $"a{Guid.NewGuid():N}");
        Assert.True(await Storage.Connections.TryAddAsync(connection, None));
        var record = new TokenRecord { ConnectionId = connection.Id, AuthId = "oauth2", ByPerson = false, Binding = Some.Bytes(32), Sealed = Some.Bytes(200), Version = 1 };
        return change is null ? record : change(record);
    }

    // Empty arrays are compared by reference.
    private sealed class WithoutBinding : IEqualityComparer<TokenRecord>
    {
        public bool Equals(TokenRecord? x, TokenRecord? y) => x! with { Binding = null! } == y! with { Binding = null! };

        public int GetHashCode(TokenRecord obj) => 0;
    }
}
