// The certified authorisation server, with what tests need besides: counts of token requests, codes that end on command, and a grant for signed assertions that `jose` verifies.
import { createHash } from 'node:crypto';
import { Provider, errors } from 'oidc-provider';
import { createLocalJWKSet, jwtVerify } from 'jose';

const port = Number(process.argv[2]);
const keys = process.argv[3] ? JSON.parse(Buffer.from(process.argv[3], 'base64').toString()) : { keys: [] };
const issuer = `http://127.0.0.1:${port}`;
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const tables = new Map();

class Memory {
  constructor(name) {
    this.name = name;
    if (!tables.has(name)) tables.set(name, new Map());
    this.rows = tables.get(name);
  }

  async upsert(id, payload) { this.rows.set(id, payload); }

  async find(id) { return this.rows.get(id); }

  async findByUid(uid) { return [...this.rows.values()].find((row) => row.uid === uid); }

  async findByUserCode() { return undefined; }

  async consume(id) { this.rows.get(id).consumed = Math.floor(Date.now() / 1000); }

  async destroy(id) { this.rows.delete(id); }

  async revokeByGrantId(grantId) {
    for (const table of tables.values()) for (const [id, row] of table) if (row.grantId === grantId) table.delete(id);
  }
}

const common = { redirect_uris: JSON.parse(process.argv[4] ?? '[]'), response_types: ['code'], grant_types: ['authorization_code', 'refresh_token'] };
const machine = { redirect_uris: [], response_types: [], grant_types: ['client_credentials'] };
const secret = createHash('sha256').update('oidc test client').digest('hex') + ':+/ %';
const provider = new Provider(issuer, {
  adapter: Memory,
  clients: [
    { client_id: 'web', client_secret: secret, ...common },
    { client_id: 'web-post', client_secret: secret, token_endpoint_auth_method: 'client_secret_post', ...common },
    { client_id: 'public', token_endpoint_auth_method: 'none', ...common },
    { client_id: 'robot', client_secret: secret, ...machine },
    { client_id: 'keyed', token_endpoint_auth_method: 'private_key_jwt', jwks: keys, ...machine },
    { client_id: 'service', token_endpoint_auth_method: 'none', ...machine, grant_types: [JWT_BEARER] },
  ],
  cookies: { keys: ['test cookies of nobody'] },
  scopes: ['openid', 'offline_access', 'api:read', 'api:write'],
  pkce: { required: () => true },
  rotateRefreshToken: () => true,
  issueRefreshToken: async (ctx, client, code) => client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
  ttl: { AccessToken: 3600, RefreshToken: 86400, AuthorizationCode: 60, Grant: 86400, Interaction: 600, Session: 86400, IdToken: 600, ClientCredentials: 3600 },
  features: { devInteractions: { enabled: true }, clientCredentials: { enabled: true }, revocation: { enabled: true, allowedPolicy: async () => true }, introspection: { enabled: false } },
  findAccount: async (ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
});

provider.registerGrantType(JWT_BEARER, async (ctx) => {
  const { payload } = await jwtVerify(ctx.oidc.params.assertion, createLocalJWKSet(keys), { audience: `${issuer}/token`, requiredClaims: ['iss', 'exp', 'iat', 'jti'], maxTokenAge: '10m', issuer: 'robot@example.com' })
    .catch((error) => { throw new errors.InvalidGrant(error.code); });
  const token = new provider.ClientCredentials({ client: ctx.oidc.client, scope: payload.scope });
  ctx.body = { access_token: await token.save(), expires_in: token.expiration, token_type: token.tokenType, scope: payload.scope };
}, ['assertion', 'scope'], []);

const seen = [];
provider.use(async (ctx, next) => {
  if (ctx.path === '/control/seen') {
    ctx.body = { seen, secret };
    return;
  }

  if (ctx.path === '/control/expire-codes') {
    for (const code of tables.get('AuthorizationCode')?.values() ?? []) code.exp = Math.floor(Date.now() / 1000) - 1;
    ctx.body = {};
    return;
  }

  // A resource for machines: what the userinfo endpoint is for people.
  if (ctx.path === '/api/me') {
    const token = await provider.ClientCredentials.find((ctx.get('authorization') ?? '').replace(/^Bearer /, ''));
    ctx.status = token?.isValid ? 200 : 401;
    ctx.body = token?.isValid ? { client: token.clientId, scope: token.scope ?? '' } : { error: 'invalid_token' };
    return;
  }

  await next();
  if (ctx.path === '/token' || ctx.path === '/token/revocation')
    seen.push({ path: ctx.path, grant: ctx.oidc?.params?.grant_type, hint: ctx.oidc?.params?.token_type_hint, status: ctx.status, error: ctx.body?.error, refreshToken: ctx.body?.refresh_token });
});
provider.on('server_error', (ctx, error) => console.error(error));
provider.listen(port, '127.0.0.1', () => console.log('listening'));
